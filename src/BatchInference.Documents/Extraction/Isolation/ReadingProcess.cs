using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>One process that reads documents, as its parent sees it. Serves one document at a time.</summary>
internal sealed class ReadingProcess : IDisposable
{
    private const int MostErrorText = 4096;

    // What is killed is gone at once, but for what waits for a disk.
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(10);

    // A reading is its text, at worst each sign escaped, and some ranges.
    private const int LongestEscape = 6;
    private const long BesidesTheText = 64L * 1024 * 1024;

    private readonly Process process;
    private readonly string folder;
    private readonly WindowsJob? job;
    private readonly Stream input;
    private readonly Stream output;
    private readonly long mostReading;
    private readonly StringBuilder errors = new();
    private readonly Task errorsRead;

    private ReadingProcess(Process process, string folder, WindowsJob? job, HostSettings settings)
    {
        this.process = process;
        this.folder = folder;
        this.job = job;
        (input, output) = (process.StandardInput.BaseStream, process.StandardOutput.BaseStream);
        mostReading = Math.Min(int.MaxValue, ((long)LongestEscape * settings.Limits.Characters) + BesidesTheText);
        errorsRead = ReadErrorsAsync();
    }

    /// <summary>Its number, for tests and logs.</summary>
    public int Id => process.Id;

    /// <summary>True when it is gone.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>True when it said what no process of ours says.</summary>
    public bool IsStrange { get; private set; }

    /// <summary>Documents it was given.</summary>
    public int Documents { get; private set; }

    /// <summary>True from a document's beginning to the last that is said of it.</summary>
    public bool Busy { get; private set; }

    /// <summary>Starts one; it is told its settings before it is given a document.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static async Task<ReadingProcess> StartAsync(ProcessStarter starter, HostCommand command, HostSettings settings, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("batch-inference-reading-").FullName;
        Process? process = null;
        WindowsJob? job = null;
        try
        {
            process = await starter.StartAsync(HostEnvironment.Start(command, folder, settings.Memory));
            job = OperatingSystem.IsWindows() ? new WindowsJob(settings.Memory * 2) : null;
            if (OperatingSystem.IsWindows()) job!.Add(process);
            var reading = new ReadingProcess(process, folder, job, settings);
            await Frames.WriteAsync(reading.input, FrameKind.Settings, settings, FrameJson.Plain.HostSettings, cancellationToken);
            return reading;
        }
        catch (Exception error)
        {
            // Whatever it was, a stop too: nobody else knows of the process and its folder.
            if (process is not null) End(process);
            process?.Dispose();
            if (OperatingSystem.IsWindows()) job?.Dispose();
            TemporaryCopy.Delete(folder);
            if (error is System.ComponentModel.Win32Exception or IOException) throw new IOException($"The process that reads documents cannot be started: {error.Message}", error);
            throw;
        }
    }

    /// <summary>Gives it a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="given">Steps before this one are not wanted again.</param>
    /// <param name="passedOver">Steps that it is not to take.</param>
    /// <param name="most">Bytes of content that are sent at most.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>The SHA-256 of the content, and its length.</returns>
    /// <exception cref="BrokenPipeException">The process is gone.</exception>
    public async Task<(string Sha256, long Bytes)> SendAsync(Document document, int given, IReadOnlyDictionary<int, PassedOver> passedOver, long most, CancellationToken cancellationToken)
    {
        await using var content = await document.OpenAsync(cancellationToken);
        (Documents, Busy) = (Documents + 1, true);
        await PipeAsync(FrameKind.Document, JsonSerializer.SerializeToUtf8Bytes(new DocumentHead(document.Id.Path, document.Length, given, passedOver), FrameJson.Plain.DocumentHead));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Frames.ContentBytes];
        var (sent, read) = (0L, 0);
        // Of a content without end it is told one byte more than it takes; it gives the reason.
        while (sent <= most && (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            sent += read;
            await PipeAsync(FrameKind.Content, buffer.AsMemory(0, read));
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), sent);
    }

    /// <summary>Asks for the readings of what was sent.</summary>
    public Task BeginAsync() => PipeAsync(FrameKind.ContentEnd, default);

    /// <summary>Has it forget what was sent.</summary>
    public async Task ForgetAsync()
    {
        if (!Busy) return;
        await PipeAsync(FrameKind.Forget, default);
        while (Busy && await HearAsync() is not null)
        {
            // What it says of a forgotten document is of no interest.
        }
    }

    /// <summary>The next that the process says; null when it is gone, or says what no process of ours says.</summary>
    public async Task<(FrameKind Kind, byte[] Payload)?> HearAsync()
    {
        try
        {
            var heard = await Frames.ReadAsync(output, mostReading, CancellationToken.None);
            Busy &= heard?.Kind is not FrameKind.End;
            return heard;
        }
        catch (IOException)
        {
            return null;
        }
        catch (InvalidDataException)
        {
            IsStrange = true;
            return null;
        }
    }

    /// <summary>Ends it, and all it started.</summary>
    public void End() => End(process);

    /// <summary>What it said on standard error; ends it first, since one that only closed its output would never come to an end of that.</summary>
    public async Task<string> LastWordsAsync()
    {
        End();
        // What it started may have escaped, and hold the pipe.
        return await Task.WhenAny(errorsRead, Task.Delay(Leaving, TimeProvider.System)) == errorsRead ? errors.ToString() : "";
    }

    public void Dispose()
    {
        End();
        // One that waits for a disk that does not answer cannot be ended; nobody waits with it.
        process.WaitForExit(Leaving);
        process.Dispose();
        if (OperatingSystem.IsWindows()) job?.Dispose();
        TemporaryCopy.Delete(folder);
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It is gone already, or what it started was going at that moment.
        }
    }

    private async Task PipeAsync(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        try
        {
            // It takes all that comes while a document is sent. No token ends a write to a pipe everywhere: who waits no longer ends the process, and with it this write.
            await Frames.WriteAsync(input, kind, payload, CancellationToken.None);
        }
        catch (IOException error)
        {
            throw new BrokenPipeException(error);
        }
    }

    private async Task ReadErrorsAsync()
    {
        var buffer = new char[1024];
        int read;
        while ((read = await process.StandardError.ReadAsync(buffer)) > 0)
            if (errors.Length < MostErrorText) errors.Append(buffer, 0, read);
    }
}

/// <summary>The reading process is gone.</summary>
internal sealed class BrokenPipeException(Exception innerException) : Exception("The process that reads documents has ended.", innerException);
