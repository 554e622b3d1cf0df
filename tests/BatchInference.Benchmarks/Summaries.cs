using System.Text.Json;
using BatchInference.Models.Batching;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// Measures extractive summaries of the embedded model against written ones. The texts are not part of the project: the environment variable BATCHINFERENCE_SUMMARIES names a file of JSON lines
/// (<c>id</c>, <c>text</c>, <c>summary</c>).
/// </summary>
internal static class Summaries
{
    private const string Variable = "BATCHINFERENCE_SUMMARIES";

    public static int Run(string variant)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path)
        {
            Console.Error.WriteLine($"{Variable} names no file of JSON lines with `text` and `summary`.");
            return 2;
        }

        var examples = File.ReadLines(path).Select(line => JsonSerializer.Deserialize<Example>(line, JsonSerializerOptions.Web)!).ToList();
        var folder = ModelFolder.Open(Repository.At("config/models/multilingual-e5-small"));
        using var pass = EncoderPass.Load(
            folder,
            variant,
            [
                ExtractiveSummaryTask.Load("one sentence", folder, SummaryLimit.OfSentences(1)),
                ExtractiveSummaryTask.Load("about 30 words", folder, SummaryLimit.OfWords(30)),
            ],
            new OnnxOptions());
        var answers = Predict(pass, [.. examples.Select(example => example.Text)]);
        Console.WriteLine($"{examples.Count} documents, {pass.Model}");
        for (var task = 0; task < pass.Tasks.Count; task++)
            Console.WriteLine($"{pass.Tasks[task],-16}{Rouge.Mean([.. examples.Select((example, index) => Rouge.Of(((SummaryPrediction)answers[index][task]).Text, example.Summary))])}");
        return 0;
    }

    private static IReadOnlyList<Prediction>[] Predict(EncoderPass pass, List<string> texts)
    {
        var splits = texts.ConvertAll(text => pass.Split(text, "fr"));
        var windows = splits.ConvertAll(split => new ChunkPrediction[split.Chunks.Count]);
        var batcher = new TokenBatcher<int>(pass.Budget, int.MaxValue);
        for (var document = 0; document < splits.Count; document++)
            foreach (var chunk in splits[document].Chunks)
                batcher.Add(document, chunk);
        while (batcher.TryTake(flush: true, out var documents, out var batch))
        {
            var predictions = pass.Infer(batch, CancellationToken.None);
            for (var row = 0; row < documents.Count; row++)
                windows[documents[row]][batch.Rows[row].Index] = predictions[row];
        }

        return [.. splits.Select((split, document) => pass.Assemble(split, windows[document]))];
    }

    private sealed record Example(string Id, string Text, string Summary);
}
