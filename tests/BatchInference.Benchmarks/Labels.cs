using System.Globalization;
using System.Text;
using System.Text.Json;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>Makes the shipped label sets, and measures how far they reach with all examples, with few and with none.</summary>
internal sealed class Labels : IDisposable
{
    private const string Model = "multilingual-e5-small";
    private const int Draws = 10;

    private readonly TextEncoder model;
    private readonly Dictionary<string, float[]> vectors = new(StringComparer.Ordinal);

    private Labels(string variant)
    {
        model = TextEncoder.Of(ModelFolder.Open(Repository.At($"config/models/{Model}")), variant, new OnnxOptions());
        Encoder = new TextEncoder(model.Model, model.Fingerprint, Embed);
    }

    private TextEncoder Encoder { get; }

    /// <summary>Writes the default mean of a variant into the sources. The program must be built anew before it is used.</summary>
    public static int Means(string variant)
    {
        using var labels = new Labels(variant);
        var train = Read("train");
        var head = new LabelSetTrainer(labels.Encoder).Train(Topics(train), [.. train.Select(example => example with { Label = null })]);
        var file = new DefaultMeans.MeanFile(labels.Encoder.Model, labels.Encoder.Fingerprint, head.ArchiveMean!.Values);
        File.WriteAllText(Repository.At($"src/BatchInference.Models/Labels/{Model}.{variant}.mean.json"), JsonSerializer.Serialize(file, DefaultMeans.MeanFile.Json) + "\n");
        return 0;
    }

    /// <summary>Writes the heads of the shipped sets.</summary>
    public static int Ship(string variant)
    {
        using var labels = new Labels(variant);
        var train = Read("train");
        var trainer = new LabelSetTrainer(labels.Encoder);
        var topics = Topics(train);
        Console.WriteLine(topics.Save(trainer.Train(topics, train)));
        var letters = LabelSet.ForTraining(Repository.At("config/labels/courrier"), []);
        Console.WriteLine(letters.Save(trainer.Train(letters, [])));
        return 0;
    }

    /// <summary>Prints all figures as the page <c>results/labels.md</c>.</summary>
    public static int Run(string variant)
    {
        using var labels = new Labels(variant);
        Console.Write(labels.Page());
        return 0;
    }

    public void Dispose()
    {
        Encoder.Dispose();
        model.Dispose();
    }

    private static LabelSet Topics(IReadOnlyList<Example> examples) => LabelSet.ForTraining(Repository.At("config/labels/topics"), examples);

    private static IReadOnlyList<Example> Read(string split) => ExamplesFile.Read(Repository.At($"tests/fixtures/topics/{split}.fr.csv"), Repository.At($"tests/fixtures/topics/{split}.en.csv"));

    private IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        string[] missing = [.. texts.Where(text => !vectors.ContainsKey(text)).Distinct()];
        foreach (var (text, vector) in missing.Zip(model.Embed(missing, cancellationToken)))
            vectors[text] = vector;
        return [.. texts.Select(text => vectors[text])];
    }

    private string Page()
    {
        var page = new StringBuilder();
        var (train, dev) = (Read("train"), Read("dev"));
        Example[] all = [.. train, .. dev];
        var set = Topics(train);
        page.Append(CultureInfo.InvariantCulture, $"# Label sets on {Encoder.Model}\n\nSIB-200, 701 + 99 sentences in French and English (`tests/fixtures/topics`). Accuracy; ECE: expected calibration error over 10 bins of equal width.\n\n");
        page.Append("| topics | French | English | ECE, both | weight of descriptions |\n|---|---|---|---|---|\n");
        Row("shipped set, dev", LabelSet.Load(set.Folder).Classifier(Encoder), dev);
        Row("descriptions alone, train and dev", Load(set, new LabelSetTrainer(Encoder).Train(set, [])), all);
        Row("descriptions alone, dev", Load(set, new LabelSetTrainer(Encoder).Train(set, [])), dev);
        Few(page, set, all, together: true, "Few examples of each label, the same sentences in both languages; measured on all other sentences");
        Few(page, set, all, together: false, "Few examples of each label, drawn for each language by itself; measured on the other sentences of that language, whose translation may be among the examples");
        return page.ToString();

        void Row(string what, LabelClassifier classifier, IReadOnlyList<Example> examples)
        {
            var figures = Evaluate(classifier, examples);
            page.Append(CultureInfo.InvariantCulture, $"| {what} | {figures.Languages!["fr"].Accuracy:F3} | {figures.Languages["en"].Accuracy:F3} | {figures.ExpectedCalibrationError:F3} | {classifier.Head.Similarity?.Weight ?? 0:0.##} |\n");
        }
    }

    private static LabelClassifier Load(LabelSet set, LabelHead head) =>
        new LabelSet(set.Folder, set.Titles, set.Labels, null, [head]).Classifier(new TextEncoder(head.Model, head.ModelFingerprint, (_, _) => throw new InvalidOperationException("The head is at hand.")));

    private LabelEvaluation Evaluate(LabelClassifier classifier, IReadOnlyList<Example> examples)
    {
        var names = classifier.Labels.ToList();
        var scores = Encoder.Embed([.. examples.Select(example => example.Text)], CancellationToken.None).Select(vector => classifier.Scores(vector)!).ToArray();
        return LabelEvaluation.Of(names, [.. examples.Select(example => names.IndexOf(example.Label!))], scores, [.. examples.Select(example => example.Language)]);
    }

    private void Few(StringBuilder page, LabelSet set, Example[] all, bool together, string what)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n{what}; means of {Draws} draws.\n\n| examples | French | English | ECE, both | without descriptions, French | English |\n|---|---|---|---|---|---|\n");
        var bare = new LabelSet(set.Folder, set.Titles, [.. set.Labels.Select(label => label with { Descriptions = [] })], null, []);
        foreach (var count in (ReadOnlySpan<int>)[1, 5, 10, 20, 40])
        {
            var sums = new double[5];
            for (var draw = 0; draw < Draws; draw++)
            {
                var (few, others) = Draw(all, count, draw, together);
                var whole = Evaluate(Load(set, new LabelSetTrainer(Encoder).Train(set, few)), others);
                var alone = Evaluate(Load(bare, new LabelSetTrainer(Encoder).Train(bare, few)), others);
                double[] figures = [whole.Languages!["fr"].Accuracy, whole.Languages["en"].Accuracy, whole.ExpectedCalibrationError, alone.Languages!["fr"].Accuracy, alone.Languages["en"].Accuracy];
                for (var i = 0; i < sums.Length; i++)
                    sums[i] += figures[i] / Draws;
            }

            page.Append(CultureInfo.InvariantCulture, $"| {count} | {sums[0]:F3} | {sums[1]:F3} | {sums[2]:F3} | {sums[3]:F3} | {sums[4]:F3} |\n");
        }
    }

    private static (Example[] Few, Example[] Others) Draw(Example[] all, int count, int draw, bool together)
    {
#pragma warning disable CA5394 // A draw of examples is no secret, and must be the same each time.
        var random = new Random((1000 * count) + draw);
        var chosen = all.Where(example => !together || example.Language == "fr").GroupBy(example => (example.Label, example.Language))
            .OrderBy(group => group.Key.Label, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Language, StringComparer.Ordinal)
            .SelectMany(group => Shuffled([.. group.Select(Key)], random).Take(count))
            .ToHashSet(StringComparer.Ordinal);
#pragma warning restore CA5394
        return ([.. all.Where(example => chosen.Contains(Key(example)))], [.. all.Where(example => !chosen.Contains(Key(example)))]);

        string Key(Example example) => together ? example.Group : $"{example.Language} {example.Group}";
    }

    private static string[] Shuffled(string[] items, Random random)
    {
        random.Shuffle(items);
        return items;
    }
}
