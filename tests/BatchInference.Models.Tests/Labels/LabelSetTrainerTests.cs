using BatchInference.Models.Labels;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

public sealed class LabelSetTrainerTests : IDisposable
{
    private const string Three = """
        { "labels": [
            { "name": "first", "descriptions": { "en": ["1 0 0 0.2"] } },
            { "name": "second", "descriptions": { "en": ["0 1 0 0.2"] } },
            { "name": "third", "descriptions": { "en": ["0 0 1 0.2"] } }
        ] }
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheSameExamplesGiveTheSameFileToTheByte()
    {
        var set = Samples.Set(folder, Three);
        Example[] examples = [.. Samples.Around("first", 0, 20, 0.8), .. Samples.Around("second", 1, 11, 0.8), .. Samples.Around("third", 2, 7, 0.8)];
        var once = new LabelSetTrainer(Samples.Encoder()).Train(set, examples);
        var again = new LabelSetTrainer(Samples.Encoder()).Train(set, examples);
        again.ToJson().ShouldBe(once.ToJson());
        once.Examples!.PerLabel.ShouldBe(new Dictionary<string, int> { ["first"] = 20, ["second"] = 11, ["third"] = 7 });
        once.CrossValidation!.Groups.ShouldBe(38);
        once.Notes.Count(note => note.Contains("38 texts only", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void ScoresAreAsOftenRightAsTheySay()
    {
        var set = Samples.Set(folder, Three);
        Example[] Many(int seed) => [.. Samples.Around("first", 0, 150, 1.2, seed), .. Samples.Around("second", 1, 150, 1.2, seed), .. Samples.Around("third", 2, 150, 1.2, seed)];
        set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, Many(1)));
        var figures = new LabelSetEvaluator(Samples.Encoder()).Evaluate(LabelSet.Load(set.Folder), Many(2));
        figures.Accuracy.ShouldBeInRange(0.6, 0.9);
        figures.ExpectedCalibrationError.ShouldBeLessThan(0.08);
        figures.Basis.ShouldBe("examples");
        figures.TrainedOnTheseExamples.ShouldBe(false);
        new LabelSetEvaluator(Samples.Encoder()).Evaluate(LabelSet.Load(set.Folder), Many(1)).TrainedOnTheseExamples.ShouldBe(true);
    }

    [Fact]
    public void FewExamplesAreJoinedByTheDescriptions()
    {
        // Twenty directions of noise hide three directions of sense from three examples, but not from the descriptions.
        var set = Samples.Set(folder, Three.Replace("0.2\"", string.Join(' ', Enumerable.Repeat("0", 20)) + "\"", StringComparison.Ordinal));
        Example[] Few(string label, int axis) => Samples.Around(label, axis, 4, 0.5, width: 23);
        var head = new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Few("first", 0), .. Few("second", 1), .. Few("third", 2)]);
        head.Basis.ShouldBe(LabelBasis.ExamplesAndDescriptions);
        head.Similarity!.Weight.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void ALabelWithoutExampleIsFoundByItsDescription()
    {
        var set = Samples.Set(folder, Three);
        var head = new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, 30), .. Samples.Around("second", 1, 30)]);
        head.Notes.ShouldContain("the label `third` without examples: judged by description alone.");
        var classifier = new LabelClassifier(head);
        classifier.Scores([0, 0, 1, 0])!.ShouldBe(classifier.Scores([0, 0, 2, 0])!);
        Softmax.Best(classifier.Scores([0, 0, 1, 0])).ShouldBe(2);
        Softmax.Best(classifier.Scores([1, 0, 0, 0])).ShouldBe(0);
        Softmax.Best(classifier.Scores([0, 1, 0, 0])).ShouldBe(1);
    }

    [Fact]
    public void ALabelWithOneExampleIsLearned()
    {
        var set = Samples.Set(folder, Three);
        var head = new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, 8), .. Samples.Around("second", 1, 8), .. Samples.Around("third", 2, 1)]);
        head.Notes.ShouldContain("the label `third` with one example: learned from it, but never measured with it.");
        Softmax.Best(new LabelClassifier(head).Scores([0, 0, 1, 0])).ShouldBe(2);
    }

    [Fact]
    public void OneExampleOfEachLabelIsEnoughToBegin()
    {
        foreach (var json in (string[])[Three, """{ "labels": [ { "name": "first" }, { "name": "second" }, { "name": "third" } ] }"""])
        {
            var head = new LabelSetTrainer(Samples.Encoder()).Train(Samples.Set(folder, json), [.. Samples.Around("first", 0, 1), .. Samples.Around("second", 1, 1), .. Samples.Around("third", 2, 1)]);
            head.CrossValidation.ShouldBeNull();
            head.Notes.ShouldContain("There are too few examples to hold any out: strengths are defaults and scores are not calibrated.");
            for (var k = 0; k < 3; k++)
                Softmax.Best(new LabelClassifier(head).Scores([k == 0 ? 1 : 0, k == 1 ? 1 : 0, k == 2 ? 1 : 0, 0])).ShouldBe(k);
        }
    }

    [Fact]
    public void TextsWithoutLabelGiveTheMeanOfTheArchive()
    {
        var set = Samples.Set(folder, Three);
        var head = new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 3, 300).Select(example => example with { Label = null })]);
        head.Basis.ShouldBe(LabelBasis.Descriptions);
        head.ArchiveMean!.Source.ShouldBe("the 300 texts of the examples");
        head.ArchiveMean.Values[3].ShouldBeGreaterThan(0.8f);
        head.ArchiveMean.Sha256.ShouldBe(FloatsConverter.Hash(head.ArchiveMean.Values));
        head.Examples!.Unlabelled.ShouldBe(300);

        // A changed description is read anew; the pinned mean stays.
        set.Save(head);
        Samples.Set(folder, Three.Replace("0 0 1 0.2", "0 0 1 0.3", StringComparison.Ordinal)).Classifier(Samples.Encoder()).Head.ArchiveMean.ShouldBe(head.ArchiveMean, new Means());
    }

    [Fact]
    public void WhatCannotBeLearnedIsToldAtOnce()
    {
        var path = folder.Write("x.csv", "text,label\n1 0 0 0,first\n0 1 0 0,secnd\n0 0 1 0,thrid\n");
        var set = Samples.Set(folder, Three);
        Should.Throw<LabelSetException>(() => new LabelSetTrainer(Samples.Encoder()).Train(set, ExamplesFile.Read(path))).Message.ShouldBe(
            $"{path}, line 3: the label `secnd` is not in the set trial. Add it to {folder["trial/labels.json"]}, or correct the line.\n"
            + $"{path}, line 4: the label `thrid` is not in the set trial. Add it to {folder["trial/labels.json"]}, or correct the line.");
        var half = Samples.Set(folder, Three.Replace("{ \"en\": [\"0 1 0 0.2\"] }", "{}", StringComparison.Ordinal));
        Should.Throw<LabelSetException>(() => new LabelSetTrainer(Samples.Encoder()).Train(half, [.. Samples.Around("first", 0, 3), .. Samples.Around("second", 1, 3)])).Message.ShouldBe(
            $"{folder["trial/labels.json"]}: the label `third` without examples can only be told by description, but the label `second` without description cannot be compared. Add examples of the former, or describe the latter.");
    }

    private sealed class Means : IEqualityComparer<ArchiveMean?>
    {
        public bool Equals(ArchiveMean? x, ArchiveMean? y) => x?.Sha256 == y?.Sha256 && x?.Source == y?.Source;

        public int GetHashCode(ArchiveMean? obj) => 0;
    }
}
