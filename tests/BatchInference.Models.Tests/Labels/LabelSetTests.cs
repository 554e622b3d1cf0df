using BatchInference.Models.Labels;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

public sealed class LabelSetTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ASetIsReadWithCommentsAndTrailingCommas()
    {
        var set = Samples.Set(folder);
        set.Name.ShouldBe("trial");
        set.Titles["fr"].ShouldBe("Essai");
        set.Labels.Select(label => label.Name).ShouldBe(["first", "second"]);
        set.Labels[0].Descriptions.ShouldBe([new("en", "1 0 0 0.1"), new("en", "0.9 0.1 0 0"), new("fr", "1 0 0.1 0")]);
        set.IsDescribed.ShouldBeTrue();
    }

    [Fact]
    public void TheHashFollowsNamesAndDescriptionsAndNothingElse()
    {
        var set = Samples.Set(folder);
        Samples.Set(folder, Samples.Described.Replace("Essai", "Autre", StringComparison.Ordinal)).Sha256.ShouldBe(set.Sha256);
        Samples.Set(folder, Samples.Described.Replace("\"second\"", "\"2nd\"", StringComparison.Ordinal)).Sha256.ShouldNotBe(set.Sha256);
        Samples.Set(folder, Samples.Described.Replace("0 1 0 0", "0 1 0 0.5", StringComparison.Ordinal)).Sha256.ShouldNotBe(set.Sha256);
    }

    [Fact]
    public void AllErrorsOfASetAreToldAtOnce()
    {
        folder.Write("trial/labels.json", $$"""
            {
              "name": "other", "tittle": "x", "title": 5,
              "examples": { "source": "", "license": "MIT" },
              "labels": [
                { "name": "a", "descriptions": { "french": ["x"], "en": ["", 3] } },
                { "name": "a", "description": "x" },
                { "name": " b" },
                { "name": 7 },
                { "title": "nameless" },
                "text",
              ],
            }
            """);
        folder.Write("trial/m.head.json", "{}");
        var path = folder["trial/labels.json"];
        Should.Throw<LabelSetException>(() => LabelSet.Load(folder["trial"])).Message.ShouldBe(
            $$"""
            {{path}}: the key `tittle` is unknown. Did you mean `title`? Known keys: $schema, name, title, examples, labels.
            {{path}}: `name` is "other", it must be the name of the folder, `trial`. Leave the key out, or rename the folder.
            {{path}}: `title` is 5, it must be an object. Write it as { "key": value, … }.
            {{path}}: the key `examples.license` is unknown. Did you mean `licence`? Known keys: source, licence.
            {{path}}: `examples.source` is "", it must be a text that is not empty. Put it in quotes.
            {{path}}: the key `labels[0].descriptions.french` is not a language. Use its ISO 639 code, such as `fr` or `en`.
            {{path}}: `labels[0].descriptions.en[0]` is "", it must be a text of 1 to 10,000 characters. Write a sentence or a list of words, or remove it.
            {{path}}: `labels[0].descriptions.en[1]` is 3, it must be a text of 1 to 10,000 characters. Write a sentence or a list of words, or remove it.
            {{path}}: the key `labels[1].description` is unknown. Did you mean `descriptions`? Known keys: name, title, descriptions.
            {{path}}: `labels[1].name` is `a`, which another label has already. Give each label a name of its own.
            {{path}}: `labels[2].name` is ` b`, but a name has no blanks at its ends. Give it another name.
            {{path}}: `labels[3].name` is 7, it must be a text that is not empty. Put it in quotes.
            {{path}}: `labels[4].name` is missing. Give the label the name that shall stand in the results.
            {{path}}: `labels[5]` is "text", it must be an object. Write it as { "key": value, … }.
            {{folder["trial/m.head.json"]}}, line 1: this is not the JSON of a trained head. Restore the file, or train the set again with `batch-inference labels train <set> --examples FILE`.
            """);
    }

    [Fact]
    public void WhatIsNoJsonIsToldWithItsLine()
    {
        folder.Write("trial/labels.json", "{\n  \"labels\": [\n    { \"name\": \"a\" }\n    { \"name\": \"b\" }\n  ]\n}");
        Should.Throw<LabelSetException>(() => LabelSet.Load(folder["trial"])).Message.ShouldContain("labels.json, line 4: this is not JSON");
        Should.Throw<LabelSetException>(() => LabelSet.Load(folder["nowhere"])).Message.ShouldStartWith($"{folder["nowhere"]}{Path.DirectorySeparatorChar}labels.json: there is no such file.");
        File.WriteAllBytes(folder["trial/labels.json"], [0x7B, 0xE9, 0x7D]);
        Should.Throw<LabelSetException>(() => LabelSet.Load(folder["trial"])).Message.ShouldContain("the file is not UTF-8. Save it again with the encoding UTF-8.");
    }

    [Fact]
    public void AHeadSurvivesTheFileToTheBit()
    {
        var set = Samples.Set(folder);
        var head = new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, 12), .. Samples.Around("second", 1, 12)]);
        set.Save(head);
        var read = LabelSet.Load(set.Folder).Heads.ShouldHaveSingleItem();
        read.ToJson().ShouldBe(head.ToJson());
        read.FileName.ShouldBe("numbers.plain.head.json");
        float[] vector = [0.3f, 0.2f, -1, 4];
        new LabelClassifier(read).Scores(vector).ShouldBe(new LabelClassifier(head).Scores(vector)!);
    }

    [Fact]
    public void AHeadThatWasChangedOrDamagedIsRefused()
    {
        var set = Samples.Set(folder);
        var path = set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, Samples.Around("first", 0, 3).Concat(Samples.Around("second", 1, 3)).ToArray()));
        var text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("\"numbers/plain\"", "\"numbers/other\"", StringComparison.Ordinal));
        Should.Throw<LabelSetException>(() => LabelSet.Load(set.Folder)).Message.ShouldContain("the file was changed or damaged. Restore the file, or train the set again");
        File.WriteAllText(path, text[..(text.Length / 2)]);
        Should.Throw<LabelSetException>(() => LabelSet.Load(set.Folder)).Message.ShouldContain("this is not the JSON of a trained head");
    }

    [Fact]
    public void AHeadOfAnotherModelOtherFilesOrOtherLabelsIsRefusedWithTheRemedy()
    {
        var set = Samples.Set(folder);
        set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, [.. Samples.Around("first", 0, 5), .. Samples.Around("second", 1, 5)]));
        var trained = LabelSet.Load(set.Folder);
        trained.Classifier(Samples.Encoder()).Head.Basis.ShouldNotBe(LabelBasis.Descriptions);

        var head = Path.Combine(set.Folder, "numbers.plain.head.json");
        Should.Throw<LabelSetException>(() => trained.Classifier(Samples.Encoder(model: "numbers/q4"))).Message.ShouldBe(
            $"{head}: was trained on the model numbers/plain, the task uses numbers/q4. Train the set for this model with `batch-inference labels train trial --examples FILE`, or set the task's model to numbers/plain.");
        Should.Throw<LabelSetException>(() => trained.Classifier(Samples.Encoder(fingerprint: "fedcba9876543210"))).Message.ShouldBe(
            $"{head}: was trained with other files of numbers/plain (fingerprint 0123456789ab…) than those of the model now (fingerprint fedcba987654…). Train the set again with `batch-inference labels train trial --examples FILE`, or restore the model.");
        var changed = Samples.Set(folder, Samples.Described.Replace("0 1 0 0", "0 1 0 0.5", StringComparison.Ordinal));
        Should.Throw<LabelSetException>(() => changed.Classifier(Samples.Encoder())).Message.ShouldBe(
            $"{Path.Combine(set.Folder, "labels.json")}: names or descriptions of the labels changed after numbers.plain.head.json was trained. Train the set again with `batch-inference labels train trial --examples FILE`, or restore the file.");
    }

    [Fact]
    public void ASetOfDescriptionsWorksWithoutTrainingAndIsReadAnewWhenTheyChange()
    {
        var set = Samples.Set(folder);
        set.Classifier(Samples.Encoder()).Head.Basis.ShouldBe(LabelBasis.Descriptions);

        set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, []));
        LabelSet.Load(set.Folder).Classifier(Samples.Encoder(seen: _ => throw new InvalidOperationException("Nothing is left to read.")));

        var read = new List<string>();
        Samples.Set(folder, Samples.Described.Replace("0 1 0 0", "0 0 1 0", StringComparison.Ordinal)).Classifier(Samples.Encoder(seen: read.Add));
        read.ShouldBe(["1 0 0 0.1", "0.9 0.1 0 0", "1 0 0.1 0", "0 0 1 0"]);
    }

    [Fact]
    public void LabelsWithoutDescriptionNeedExamples() =>
        Should.Throw<LabelSetException>(() => Samples.Set(folder, Samples.Bare).Classifier(Samples.Encoder())).Message.ShouldBe(
            $"{folder["trial/labels.json"]}: `first`, `second` have no description, and the set was not trained for numbers/plain. Write descriptions for each label, or train the set with `batch-inference labels train trial --examples FILE`.");

    [Fact]
    public void WithoutAFileTheSetIsMadeOfTheLabelsOfTheExamples()
    {
        Example[] examples = [.. Samples.Around("zwei", 1, 3), .. Samples.Around("eins \"1\"", 0, 3)];
        var set = LabelSet.ForTraining(folder["new"], examples);
        set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, examples));
        var read = LabelSet.Load(folder["new"]);
        read.Labels.Select(label => label.Name).ShouldBe(["eins \"1\"", "zwei"]);
        read.Classifier(Samples.Encoder()).Scores([0, 1, 0, 0])![1].ShouldBeGreaterThan(0.5);
        Should.Throw<LabelSetException>(() => LabelSet.ForTraining(folder["none"], [])).Message.ShouldStartWith("The examples have 0 different labels, a set has 2 to 1000.");
    }

    [Fact]
    public void WhereTheConfigurationCannotBeWrittenTheWholeSetGoesElsewhere()
    {
        var set = Samples.Set(folder);
        set.Save(new LabelSetTrainer(Samples.Encoder()).Train(set, []), folder["state/trial"]);
        LabelSet.Load(folder["state/trial"]).Sha256.ShouldBe(set.Sha256);
        Directory.GetFiles(set.Folder).Length.ShouldBe(1);
    }
}
