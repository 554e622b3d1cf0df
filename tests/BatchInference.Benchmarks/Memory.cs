using System.Diagnostics;
using System.Globalization;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>The peak resident set of the published program for archives of different sizes: memory must not grow with the archive. Linux only: it reads <c>VmHWM</c>.</summary>
internal static class Memory
{
    public static async Task<int> RunAsync(params int[] sizes)
    {
        using var folder = new TempFolder();
        var program = Repository.At(".artifacts/publish/BatchInference.Worker/release/batch-inference");
        Console.WriteLine("documents   seconds   peak resident set (MiB)   ratio to the first");
        var first = 0.0;
        foreach (var size in sizes)
        {
            var archive = folder[$"archive-{size}"];
            SyntheticArchive.Write(archive, size, mostSentences: 2);
            var clock = Stopwatch.StartNew();
            using var process = Process.Start(new ProcessStartInfo(program, ["run", "demo", "--source", archive, "--output", folder[$"results-{size}"], "--state", folder[$"state-{size}"]])
            {
                WorkingDirectory = Repository.Root, RedirectStandardError = true, RedirectStandardOutput = true,
            })!;
            process.ErrorDataReceived += (_, _) => { };
            process.OutputDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            var peak = 0.0;
            while (!process.HasExited)
            {
                peak = Math.Max(peak, Peak(process.Id));
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }

            if (process.ExitCode != 0)
                throw new InvalidOperationException($"The run of {size} documents ended with {process.ExitCode}.");
            first = first == 0 ? peak : first;
            Console.WriteLine(FormattableString.Invariant($"{size,9}{clock.Elapsed.TotalSeconds,10:F0}{peak,26:F0}{peak / first,21:F2}"));
        }

        return 0;
    }

    private static double Peak(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }
}
