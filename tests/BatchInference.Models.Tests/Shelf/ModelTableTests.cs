using System.Text;
using System.Text.RegularExpressions;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tests.Generation;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Shelf;

/// <summary>The table of models in src/README.md says what the fixtures prove, no more and no less. BATCHINFERENCE_WRITE_GENERATED=1 writes it.</summary>
public sealed class ModelTableTests
{
    // What of a reference the tests compare (ModelConformanceTests through the program, and the conformance tests here).
    private static readonly (string Part, string Says)[] Compared =
    [
        ("tokenization", "tokens"), ("classification", "logits"), ("classification", "scores"), ("files", "logits"), ("embedding", "vectors"), ("generation", "sequences"), ("generation", "beam scores"), ("greedy_onnxruntime", "sequences"), ("chat", "chat template"),
    ];

    [Fact]
    public void TheTableOfModelsSaysWhatTheFixturesProve()
    {
        var path = Repository.At("src/README.md");
        var text = File.ReadAllText(path);
        var expected = Regex.Replace(text, "(<!-- models -->\n).*?(<!-- end -->)", match => match.Groups[1].Value + Table() + match.Groups[2].Value, RegexOptions.Singleline);
        expected.ShouldContain("| `bert` |");
        if (Environment.GetEnvironmentVariable("BATCHINFERENCE_WRITE_GENERATED") == "1")
            File.WriteAllText(path, expected);
        File.ReadAllText(path).ShouldBe(expected);
    }

    private static string Table()
    {
        var models = Directory.GetDirectories(Repository.At("tests/fixtures/models")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)
            .Select(name => new Fixture(name)).Select(fixture => (fixture.Name, Is: ModelDescription.Of(fixture.Folder), Layout: LayoutOf(fixture.Folder), Parts: Compared.Where(part => fixture.Expected.TryGetProperty(part.Part, out _)).Select(part => part.Says).ToArray())).ToArray();
        var table = new StringBuilder("| architecture | tasks of a job | layouts | variants | compared with the reference | fixtures |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var group in models.GroupBy(model => (model.Is.Architecture, model.Is.Kind)).OrderBy(group => group.Key.Kind).ThenBy(group => group.Key.Architecture, StringComparer.Ordinal))
        {
            string[] cells =
            [
                $"`{group.Key.Architecture}`",
                TasksOf(group.Select(model => model.Is)),
                Together(group.Select(model => model.Layout)),
                Together(group.SelectMany(model => model.Is.Variants).Select(variant => variant.Length == 0 ? "plain" : variant)),
                Together(group.SelectMany(model => model.Parts)),
                Together(group.Select(model => model.Name)),
            ];
            table.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
        }

        return table.ToString();
    }

    private static string LayoutOf(ModelFolder folder)
    {
        string[] marks =
        [
            .. folder.Files.Any(file => file.Name.StartsWith("onnx/", StringComparison.Ordinal)) ? (string[])["in onnx/"] : [],
            .. folder.Files.Any(file => file.Name.Contains("decoder_model_merged", StringComparison.Ordinal)) ? (string[])["merged decoder"] : [],
            .. folder.Files.Any(file => file.Name.Contains("decoder_with_past_model", StringComparison.Ordinal)) ? (string[])["two decoders"] : [],
            .. folder.Files.Any(file => file.Name.EndsWith("data", StringComparison.Ordinal)) ? (string[])["weights beside"] : [],
            .. folder.Name.EndsWith("-int4", StringComparison.Ordinal) ? (string[])["int4"] : [],
        ];
        return ModelDescription.Of(folder).Layout + (marks.Length > 0 ? $" ({string.Join("; ", marks)})" : "");
    }

    private static string TasksOf(IEnumerable<ModelDescription> models) => Together(models.SelectMany(model => model.Kind switch
    {
        ModelKind.Classifier => (string[])[model.Rule switch { ScoreRule.Sigmoid => "own labels (several)", ScoreRule.Raw => "a number", _ => "own labels" }, .. ZeroShotTask.EntailmentOf(model) is null ? [] : (string[])["labels by entailment"]],
        ModelKind.Embedder => ["labels by vectors"],
        ModelKind.TokenClassifier => ["none: refused by name"],
        _ => ["summaries", "labels by constrained writing"],
    }));

    private static string Together(IEnumerable<string> cells) => string.Join(", ", cells.Distinct());
}
