using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

public sealed class ShippedSetsTests
{
    public static TheoryData<string> Sets => new(Directory.GetDirectories(Repository.At("config/labels")).Select(folder => Path.GetFileName(folder)!).Order());

    [Theory, MemberData(nameof(Sets))]
    public void EveryShippedSetLoadsAndHasAHeadForBothVariantsOfTheModel(string name)
    {
        var set = LabelSet.Load(Repository.At($"config/labels/{name}"));
        set.IsDescribed.ShouldBeTrue();
        foreach (var label in set.Labels)
            label.Descriptions.Select(description => description.Language).Distinct().ShouldBe(["fr", "en"]);
        foreach (var variant in (string[])["int8", "q4"])
        {
            using var encoder = Encoder(variant);
            var untouched = new TextEncoder(encoder.Model, encoder.Fingerprint, (_, _) => throw new InvalidOperationException("The head is shipped."));
            set.Classifier(untouched).Head.LabelsSha256.ShouldBe(set.Sha256);
        }
    }

    [Fact]
    public void TheTopicsReachTheirFiguresOnSentencesTheyHaveNotSeen()
    {
        using var encoder = Encoder("int8");
        var examples = ExamplesFile.Read(Repository.At("tests/fixtures/topics/dev.fr.csv"), Repository.At("tests/fixtures/topics/dev.en.csv"));
        var figures = new LabelSetEvaluator(encoder).Evaluate(LabelSet.Load(Repository.At("config/labels/topics")), examples);
        figures.Languages!["fr"].Accuracy.ShouldBeGreaterThanOrEqualTo(0.82);
        figures.Languages["en"].Accuracy.ShouldBeGreaterThanOrEqualTo(0.84);
        figures.ExpectedCalibrationError.ShouldBeLessThanOrEqualTo(0.09);
    }

    private static TextEncoder Encoder(string variant) => TextEncoder.Of(ModelFolder.Open(Repository.At("config/models/multilingual-e5-small")), variant, new OnnxOptions());
}
