using System.Diagnostics;
using System.Text.Json;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// New tokens per second, greedy: <see cref="GenerationLoop"/>, a bare loop of ONNX Runtime, and <c>@huggingface/transformers</c> (Node), on the same files, with the same prompts,
/// one thread each. The models are tiny, so what a loop adds to the library's own time weighs as nowhere else. All three must make the same tokens. Speeds are those of the best
/// turn; the ratios are those of processor time over all turns but the first ones, which other work on the machine changes least.
/// </summary>
internal static class Generate
{
    private const int Turns = 40, WarmUp = 5, Tokens = 96, Length = 24;
    private static readonly (string Name, string Kind)[] Models = [("qwen2", "decoder"), ("llama", "decoder"), ("bart", "seq2seq"), ("t5", "seq2seq")];

    /// <param name="node">A folder with <c>node_modules/@huggingface/transformers</c>; null to leave it out.</param>
    public static async Task<int> RunAsync(string? node)
    {
        var jobs = (from model in Models from batch in new[] { 1, 8 } select new Job(model.Name, model.Kind, batch, Tokens, Turns, WarmUp, Rows(batch))).ToArray();
        var theirs = node is null ? [] : await TransformersAsync(node, jobs);
        Console.WriteLine("| model | batch | transformers.js | bare loop | ours | ours / transformers.js | ours / bare |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var good = true;
        for (var index = 0; index < jobs.Length; index++)
        {
            var job = jobs[index];
            var folder = ModelFolder.OpenUnpinned(Repository.At($"tests/fixtures/models/{job.Model}"));
            var settings = GenerationSettingsFile.Read(folder) with
            {
                MaxNewTokens = Tokens, MinNewTokens = Tokens, Sample = false, Beams = 1, ReturnSequences = 1, ForcedLastTokens = [], ForcedFirstToken = null, NoRepeatNGramSize = 0, RepetitionPenalty = 1, MinLength = 0,
            };
            using var model = GeneratingModelFiles.Load(folder, "", new OnnxOptions { Threads = 1 });
            using var bare = BareGeneration.Open(folder, job.Kind, settings);
            var loop = new GenerationLoop(model, settings);
            GenerationRow[] rows = [.. job.Rows.Select(ids => new GenerationRow(ids))];
            var (ours, alone) = (new Clock(), new Clock());
            int[] said = [], expected = [];
            // They take turns, so that the machine's other work falls on both.
            for (var turn = 0; turn < Turns; turn++)
            {
                alone.Turn(turn >= WarmUp, () => expected = bare.Generate(job.Rows, Tokens)[0]);
                ours.Turn(turn >= WarmUp, () => said = loop.Generate(rows, null, CancellationToken.None)[0][0].Ids);
            }

            var same = said.SequenceEqual(expected) && (node is null || said.SequenceEqual(theirs[index].First));
            good &= same;
            double all = job.Batch * Tokens;
            var (best, busy) = node is null ? (double.NaN, double.NaN) : (theirs[index].Seconds.Min(), theirs[index].Busy);
            Console.WriteLine(FormattableString.Invariant($"| {job.Model} | {job.Batch} | {(node is null ? "not asked" : FormattableString.Invariant($"{all / best:F0}"))} | {all / alone.Best:F0} | {all / ours.Best:F0} | {(node is null ? "" : FormattableString.Invariant($"{busy / ours.Busy:F2}"))} | {alone.Busy / ours.Busy:F2} |{(same ? "" : " other tokens!")}"));
        }

        return good ? 0 : 1;
    }

    private static int[][] Rows(int batch) => [.. Enumerable.Range(0, batch).Select(row => Enumerable.Range(0, Length).Select(at => 20 + (row * 7 + at * 13) % 900).ToArray())];

    private static async Task<List<Said>> TransformersAsync(string node, Job[] jobs)
    {
        // Its layout: the configuration in the folder, the graphs in onnx/.
        using var folder = new TempFolder();
        Directory.CreateSymbolicLink(folder["node_modules"], Path.Combine(Path.GetFullPath(node), "node_modules"));
        folder.Write("package.json", "{}");
        foreach (var (name, _) in Models)
        {
            var source = Repository.At($"tests/fixtures/models/{name}");
            Directory.CreateDirectory(folder[$"models/{name}/onnx"]);
            foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
                File.CreateSymbolicLink(folder[$"models/{name}/{(file.EndsWith(".onnx", StringComparison.Ordinal) ? "onnx/" : "")}{Path.GetFileName(file)}"], file);
        }

        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        var job = folder.Write("job.json", JsonSerializer.Serialize(jobs, options));
        using var process = Process.Start(new ProcessStartInfo("node", [Repository.At("tests/BatchInference.Benchmarks/generate.mjs"), folder, "1", job]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize<Said>(line, options)!)]
            : throw new InvalidOperationException($"node ended with {process.ExitCode}.");
    }

    private sealed record Job(string Model, string Kind, int Batch, int Tokens, int Turns, int WarmUp, int[][] Rows);

    private sealed record Said(double[] Seconds, double Busy, int[] First);

    /// <summary>What turns took: seconds of the best, and seconds of processor time of all that count.</summary>
    private sealed class Clock
    {
        public double Best { get; private set; } = double.MaxValue;

        public double Busy { get; private set; }

        public void Turn(bool counts, Action run)
        {
            var (began, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            run();
            Best = Math.Min(Best, Stopwatch.GetElapsedTime(began).TotalSeconds);
            Busy += counts ? (Environment.CpuUsage.TotalTime - before).TotalSeconds : 0;
        }
    }
}
