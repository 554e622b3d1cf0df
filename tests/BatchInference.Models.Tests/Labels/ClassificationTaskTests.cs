using BatchInference.Models.Labels;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Testing;
using CsCheck;

namespace BatchInference.Models.Tests.Labels;

public sealed class ClassificationTaskTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ScoresAddUpToOneAndTheBestComesFirst()
    {
        var task = new ClassificationTask("topic", Samples.Set(folder).Classifier(Samples.Encoder()));
        Gen.Float[-100, 100].Array[4].Where(vector => vector.Any(value => value != 0)).Sample(vector =>
        {
            var prediction = (LabelPrediction)task.Predict(Document(vector), "numbers/plain");
            prediction.Scores.Sum(score => score.Value).ShouldBe(1, 1e-12);
            prediction.Scores.Select(score => score.Value).ShouldBeInOrder(SortDirection.Descending);
            prediction.Label.ShouldBe(prediction.Scores[0].Key);
            prediction.Score.ShouldBe(prediction.Scores[0].Value);
            prediction.Basis.ShouldBe("descriptions");
        });
    }

    [Fact]
    public void EqualScoresAreSortedByName()
    {
        var set = Samples.Set(folder, """{ "labels": [ { "name": "b", "descriptions": { "en": "1 0 0 0" } }, { "name": "a", "descriptions": { "en": "0 1 0 0" } } ] }""");
        var task = new ClassificationTask("topic", set.Classifier(Samples.Encoder()));
        ((LabelPrediction)task.Predict(Document([0, 0, 1, 0]), "m")).Scores.Select(score => score.Key).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void AVectorThatIsNoneFailsTheTaskAndNotTheProgram()
    {
        var task = new ClassificationTask("topic", Samples.Set(folder).Classifier(Samples.Encoder()));
        foreach (var vector in (float[][])[[0, 0, 0, 0], [1, float.NaN, 0, 0], [float.PositiveInfinity, 0, 0, 0]])
            task.Predict(Document(vector), "m").ShouldBeOfType<FailedPrediction>().Permanent.ShouldBeTrue();
    }

    [Fact]
    public void TheFingerprintFollowsWhatChangesAnAnswer()
    {
        string Of(string json, string fingerprint = "0123456789abcdef") => new ClassificationTask("t", Samples.Set(folder, json).Classifier(Samples.Encoder(fingerprint: fingerprint))).Fingerprint;
        var given = Of(Samples.Described);
        Of(Samples.Described.Replace("Essai", "Autre", StringComparison.Ordinal)).ShouldBe(given);
        Of(Samples.Described.Replace("0 1 0 0", "0 1 0 1", StringComparison.Ordinal)).ShouldNotBe(given);
        Of(Samples.Described, "fedcba9876543210").ShouldNotBe(given);

        var set = Samples.Set(folder);
        string Trained(int count) => new ClassificationTask("t", new LabelClassifier(new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, count), .. Samples.Around("second", 1, 3)]))).Fingerprint;
        Trained(3).ShouldBe(Trained(3));
        Trained(3).ShouldNotBe(Trained(4));
    }

    [Fact]
    public void ManyThreadsSayWhatOneSays()
    {
        var set = Samples.Set(folder);
        var task = new ClassificationTask("topic", new LabelClassifier(new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, 9), .. Samples.Around("second", 1, 9)])));
        var documents = Enumerable.Range(0, 400).Select(i => Document([i % 7, i % 5, 1, i % 3])).ToArray();
        var alone = documents.Select(document => ((LabelPrediction)task.Predict(document, "m")).Score).ToArray();
        documents.AsParallel().AsOrdered().Select(document => ((LabelPrediction)task.Predict(document, "m")).Score).ToArray().ShouldBe(alone);
    }

    [Fact]
    public void OnlyACalibratedScoreIsCalledAProbability()
    {
        var set = Samples.Set(folder);
        string Trained(int count) => new ClassificationTask("t", new LabelClassifier(new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, count), .. Samples.Around("second", 1, count)]))).ScoresAre;
        Trained(9).ShouldStartWith("A probability, calibrated");
        Trained(1).ShouldEndWith("not a measured probability.");
        new ClassificationTask("t", set.Classifier(Samples.Encoder())).ScoresAre.ShouldEndWith("not a probability.");
        new OwnLabelsTask("t", new ModelDescription(ModelKind.Classifier, "optimum", "bert", [""], ["LABEL_0"], 128, false) { Rule = ScoreRule.Raw }).ScoresAre.ShouldEndWith("not a probability.");
    }

    private static EncodedDocument Document(float[] vector) => new() { Text = "", Vector = vector };
}
