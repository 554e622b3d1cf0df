using System.ComponentModel;
using System.Diagnostics;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Installation;

/// <summary>Does the steps of an installation, one after the other, and tells each.</summary>
internal static class Installer
{
    /// <summary>Does them.</summary>
    /// <exception cref="ConfigurationException">A step cannot be done; those before it were.</exception>
    public static async Task ApplyAsync(IEnumerable<Step> steps, TextWriter told, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await told.WriteLineAsync(step.Says);
            try
            {
                await DoAsync(step, told, cancellationToken);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
            {
                throw new ConfigurationException([$"{step.Says}: {error.Message} Mend it and run the same command again: what is done already does no harm."]);
            }
        }
    }

    private static async Task DoAsync(Step step, TextWriter told, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case WriteFile file:
                Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
                await File.WriteAllTextAsync(file.Path, file.Text, cancellationToken);
                break;
            case Remove { Path: var path }:
                if (Directory.Exists(path))
                    foreach (var stays in Removal.Of(path))
                        await told.WriteLineAsync($"  {stays} stays: it holds the results of a job. Remove it yourself when nobody needs them.");
                else if (File.Exists(path)) File.Delete(path);
                break;
            case RunProgram program:
                var (code, output) = await RunAsync(program, cancellationToken);
                if (code == 0) break;
                var failed = $"{program} ended with {code}: {output.ReplaceLineEndings(" ").Trim()}";
                if (!program.MayFail) throw new IOException(failed);
                await told.WriteLineAsync($"  {failed}");
                break;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(RunProgram program, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program.Program, program.Arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
