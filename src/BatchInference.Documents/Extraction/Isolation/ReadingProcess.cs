using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>One process that reads documents, as its parent sees it. Serves one document at a time.</summary>
internal sealed class ReadingProcess : IDisposable
{
    private const int MostErrorText = 4096;
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

    /// <summary>Documents it was given.</summary>
    public int Documents { get; private set; }

    /// <summary>True from a document's beginning to the last that is said of it.</summary>
    public bool Busy { get; private set; }

    /// <summary>Starts one; it is told its settings before it is given a document.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static async Task<ReadingProcess> StartAsync(ProcessStarter starter, HostCommand command, HostSettings settings, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("batch-inference-reading-").FullName;
        try
        {
            var process = await starter.StartAsync(HostEnvironment.Start(command, folder, settings.Memory));
            var job = OperatingSystem.IsWindows() ? new WindowsJob(settings.Memory * 2) : null;
            if (OperatingSystem.IsWindows()) job!.Add(process);
            var reading = new ReadingProcess(process, folder, job, settings);
            await Frames.WriteAsync(reading.input, FrameKind.Settings, settings, FrameJson.Plain.HostSettings, cancellationToken);
            return reading;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            Delete(folder);
            throw new IOException($"The process that reads documents cannot be started: {error.Message}", error);
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

    /// <summary>The next that the process says; null when it is gone.</summary>
    /// <exception cref="InvalidDataException">It says what no process of ours says.</exception>
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
    }

    /// <summary>Ends it, and all it started.</summary>
    public void End()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It is gone already.
        }
    }

    /// <summary>What it said on standard error before it was gone.</summary>
    public async Task<string> LastWordsAsync()
    {
        await errorsRead;
        return errors.ToString();
    }

    public void Dispose()
    {
        End();
        process.WaitForExit();
        process.Dispose();
        if (OperatingSystem.IsWindows()) job?.Dispose();
        Delete(folder);
    }

    private async Task PipeAsync(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        try
        {
            // It takes all that comes while a document is sent; a stop ends the process, and with it this write.
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

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // A program that it started may still hold a file for a moment; the folder is in the system's temporary one.
        }
    }
}

/// <summary>The reading process is gone.</summary>
internal sealed class BrokenPipeException(Exception innerException) : Exception("The process that reads documents has ended.", innerException);
