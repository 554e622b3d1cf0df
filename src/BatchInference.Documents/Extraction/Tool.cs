using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>Runs a program of the machine for one piece of work: bytes in, bytes out.</summary>
internal static class Tool
{
    private const int MostErrorText = 4096;

    // .NET tells a signal as a shell does: by its number above this.
    private const int Signals = 128;

    /// <summary>The path of a program in a folder, or along <c>PATH</c>; null when it is not there.</summary>
    public static string? Find(string name, string? folder)
    {
        if (OperatingSystem.IsWindows()) name += ".exe";
        var folders = folder is not null ? [folder] : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(Path.IsPathFullyQualified).Select(one => Path.Combine(one, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="program">Full path.</param>
    /// <param name="arguments">As the program gets them; no shell sees them.</param>
    /// <param name="input">Writes its standard input; null for none. A program that ends before it has read all is no error.</param>
    /// <param name="mostOutput">Bytes of standard output that are taken.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <exception cref="ToolException">It cannot be started, or was ended by a signal.</exception>
    /// <exception cref="IOException">It says too much.</exception>
    public static async Task<ToolAnswer> RunAsync(string program, IReadOnlyList<string> arguments, Func<Stream, CancellationToken, Task>? input, int mostOutput, CancellationToken cancellationToken)
    {
        var output = new MemoryStream();
        var (code, error) = await RunAsync(program, arguments, input, (stream, token) => CopyAsync(stream, output, mostOutput, program, token), cancellationToken);
        return new ToolAnswer(code, output.ToArray(), error);
    }

    /// <summary>As the other, with the standard output given to <paramref name="output"/> as it comes.</summary>
    public static async Task<(int ExitCode, string Error)> RunAsync(string program, IReadOnlyList<string> arguments, Func<Stream, CancellationToken, Task>? input, Func<Stream, CancellationToken, Task> output, CancellationToken cancellationToken)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, CreateNoWindow = true };
        // Pages are read in parallel by several processes; threads inside each would only be in each other's way.
        process.StartInfo.Environment["OMP_THREAD_LIMIT"] = "1";
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            throw new ToolException($"{Path.GetFileName(program)} cannot be started: {error.Message}", error);
        }

        // Reads of a pipe cannot be cancelled everywhere; they end with the program.
        using var end = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        try
        {
            var told = new MemoryStream();
            var errors = CopyAsync(process.StandardError.BaseStream, told, MostErrorText, null, cancellationToken);
            var fed = FeedAsync(process.StandardInput.BaseStream, input, cancellationToken);
            await output(process.StandardOutput.BaseStream, cancellationToken);
            await Task.WhenAll(fed, errors);
            await process.WaitForExitAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (!OperatingSystem.IsWindows() && process.ExitCode > Signals)
                throw new ToolException(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(program)} was ended by signal {process.ExitCode - Signals}, as the system does for want of memory."));
            return (process.ExitCode, Encoding.UTF8.GetString(told.ToArray()));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static async Task FeedAsync(Stream target, Func<Stream, CancellationToken, Task>? input, CancellationToken cancellationToken)
    {
        try
        {
            await using (target)
                if (input is not null)
                    await input(target, cancellationToken);
        }
        catch (IOException)
        {
            // It wanted no more; its exit code tells whether that was an end or a failure.
        }
    }

    private static async Task CopyAsync(Stream source, MemoryStream target, int most, string? refusing, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (refusing is not null && target.Length + read > most) throw new IOException($"{Path.GetFileName(refusing)} gives more than {most / 1024} KB.");
            target.Write(buffer, 0, (int)Math.Min(read, most - target.Length));
        }
    }
}

/// <summary>A program did not do its work, and not for what it was given.</summary>
internal sealed class ToolException(string message, Exception? innerException = null) : IOException(message, innerException);

/// <summary>What a program gave.</summary>
internal sealed record ToolAnswer(int ExitCode, byte[] Output, string Error)
{
    /// <summary>Its standard output as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Output);
}
