using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The verbs that look at models, labels and the machine.</summary>
public sealed class VerbTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TheDoctorFindsTheShippedConfigurationGood()
    {
        var doctor = (await WorkerProcess.RunAsync(folder["state"], "doctor", "--json")).ShouldExit(0);
        var findings = Lines(doctor.Output);
        findings.ShouldAllBe(finding => (bool)finding["good"]!);
        string[] expected = ["configuration", "secrets", "state folder", "time zone", "model multilingual-e5-small", "execution provider cpu"];
        expected.Except(findings.Select(finding => (string)finding["check"]!)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheDoctorNamesAllThatWouldStopANight()
    {
        Configure("""{ "source": { "folder": { "path": "/there/is/no/such/folder" } }, "tasks": { "topic": { "classify": { "labels": "topcs" } } }, "output": { "folder": "/proc/nowhere" } }""");
        var doctor = (await WorkerProcess.RunAsync(folder["state"], "doctor", "--config", folder["config"])).ShouldExit(1);
        var bad = doctor.Output.Split('\n').Where(line => line.StartsWith("BAD", StringComparison.Ordinal)).ToArray();
        bad.ShouldContain(line => line.Contains("jobs/letters.json: source.folder.path: the folder /there/is/no/such/folder does not exist"));
        bad.ShouldContain(line => line.Contains("Did you mean topics?"));

        folder.Write("config/jobs/letters.json", Letters.Replace(folder.Path, "https://user:sesame@archives.example/", StringComparison.Ordinal));
        doctor = (await WorkerProcess.RunAsync(folder["state"], "doctor", "--config", folder["config"])).ShouldExit(1);
        doctor.Output.ShouldContain("source.folder.path: holds a password");
        doctor.Output.ShouldNotContain("sesame");
    }

    [Fact]
    public async Task AProviderThatDoesNotWorkIsAnErrorAtTheDoorWithReasonAndRemedy()
    {
        Configure(Letters);
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        folder.Write("letters/one.txt", "Monsieur le maire, la route est coupée.");
        folder.Write("config/appsettings.json", """{ "Models": { "Provider": "cuda", "Device": 1 } }""");
        var doctor = (await WorkerProcess.RunAsync(folder["state"], "doctor", "--config", folder["config"])).ShouldExit(1).Output;
        doctor.ShouldContain("BAD   execution provider cuda: Execution provider `cuda`, device 1: expected it to open a model, found: ");
        doctor.ShouldContain("Install the build for cuda and the driver of the device, or set the provider to `cpu`.");
        doctor.ShouldContain("good  devices: this program was never run on a GPU");

        var run = (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"])).ShouldExit(2);
        run.Errors.ShouldContain("Execution provider `cuda`, device 1: expected it to open a model, found: ");
        Directory.Exists(folder["results"]).ShouldBeFalse();
    }

    [Fact]
    public async Task AChangedModelFileIsRefusedAtTheDoorAndNamed()
    {
        Configure(Letters);
        foreach (var file in Directory.GetFiles(Repository.At("config/models/multilingual-e5-small"), "*", SearchOption.AllDirectories))
        {
            var copy = folder[Path.Combine("config/models/multilingual-e5-small", Path.GetRelativePath(Repository.At("config/models/multilingual-e5-small"), file))];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.AppendAllText(folder["config/models/multilingual-e5-small/config.json"], " ");
        var run = (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"])).ShouldExit(2);
        run.Errors.ShouldContain("config.json");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify", "--config", folder["config"])).ShouldExit(2).Errors.ShouldContain("config.json");
        (await WorkerProcess.RunAsync(folder["state"], "doctor", "--config", folder["config"])).ShouldExit(1).Output.ShouldContain("BAD   model multilingual-e5-small");
        Directory.Exists(folder["results"]).ShouldBeFalse();
    }

    [Fact]
    public async Task AMissingModelIsRefusedAtTheDoor()
    {
        Configure(Letters);
        folder.Write("config/models/other/config.json", "{}");
        (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"])).ShouldExit(2).Errors.ShouldContain("There is no model multilingual-e5-small in");
    }

    [Fact]
    public async Task ModelsAreListedVerifiedAndAdded()
    {
        (await WorkerProcess.RunAsync(folder["state"], "models", "list")).ShouldExit(0).Output.ShouldContain("gives vectors of texts");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify")).ShouldExit(0).Output.ShouldContain("multilingual-e5-small: 11 files are as they were pinned");

        var model = Directory.GetDirectories(Repository.At("tests/fixtures/models")).First(path => File.Exists(Path.Combine(path, "config.json")) && File.ReadAllText(Path.Combine(path, "config.json")).Contains("ForSequenceClassification"));
        (await WorkerProcess.RunAsync(folder["state"], "models", "add", model, "--name", "tiny")).ShouldExit(0).Output.ShouldStartWith("tiny: classifies into");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify", "tiny")).ShouldExit(0);
        (await WorkerProcess.RunAsync(folder["state"], "models", "add", model, "--name", "tiny")).ShouldExit(2).Errors.ShouldContain("`tiny` is on the shelf already");
        File.AppendAllText(folder["state/models/tiny/config.json"], " ");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify", "tiny")).ShouldExit(2);
    }

    [Fact]
    public async Task TryingTheEmbeddedModelGivesTheReferenceTokens()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Repository.At("tests/fixtures/multilingual-e5-small/tokens.json")))!.AsArray();
        var asked = golden.Where(one => one!["text"]!.GetValue<string>().Length > 0).Take(60).ToArray();
        var input = string.Concat(asked.Select(one => one!["text"]!.ToJsonString() + "\n"));
        var answers = Lines((await WorkerProcess.AskAsync(folder["state"], input, "models", "try", "multilingual-e5-small", "--special-tokens")).ShouldExit(0).Output);
        answers.Count.ShouldBe(asked.Length);
        foreach (var (answer, one) in answers.Zip(asked))
        {
            answer["tokens"]!["ids"]!.ToJsonString().ShouldBe(one!["ids"]!.ToJsonString());
            answer["tokens"]!["offsets"]!.ToJsonString().ShouldBe(one["offsets"]!.ToJsonString());
            Math.Sqrt(answer["embedding"]!.AsArray().Sum(value => Math.Pow((double)value!, 2))).ShouldBe(1, 1e-4);
        }
    }

    [Fact]
    public async Task TryingAnswersEveryLineAndNamesTheOneThatIsNone()
    {
        var tried = await WorkerProcess.AskAsync(folder["state"], "\"Le conseil vote le budget.\"\nLe conseil\n\"The team won.\"\n", "models", "try", "multilingual-e5-small", "--labels", "topics", "--sentences", "1");
        tried.ShouldExit(2).Errors.ShouldContain("line 2: expected one JSON string");
        var answers = Lines(tried.Output);
        answers.Count.ShouldBe(3);
        ((double)answers[2]["labels"]!["sports"]!).ShouldBeGreaterThan(0.5);
        ((string)answers[0]["text"]!).ShouldBe("Le conseil vote le budget.");
    }

    [Fact]
    public async Task LabelsAreTrainedAndMeasured()
    {
        Configure(Letters);
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        var train = (await WorkerProcess.RunAsync(folder["state"], "labels", "train", "themes", "--examples", Repository.At("tests/fixtures/topics/train.fr.csv"), "--config", folder["config"])).ShouldExit(0);
        train.Output.ShouldContain("cross-validation");
        File.Exists(folder["config/labels/themes/labels.json"]).ShouldBeTrue();
        string[] evaluate = ["labels", "evaluate", "themes", "--examples", Repository.At("tests/fixtures/topics/dev.fr.csv"), "--config", folder["config"]];
        var figures = JsonNode.Parse((await WorkerProcess.RunAsync(folder["state"], [.. evaluate, "--json"])).ShouldExit(0).Output)!;
        ((double)figures["accuracy"]!).ShouldBeGreaterThan(0.7);
        ((double)figures["macroF1"]!).ShouldBeInRange(0.6, 1);
        ((bool)figures["trainedOnTheseExamples"]!).ShouldBeFalse();
        evaluate[4] = Repository.At("tests/fixtures/topics/train.fr.csv");
        var seen = (await WorkerProcess.RunAsync(folder["state"], [.. evaluate, "--json"])).ShouldExit(0);
        ((bool)JsonNode.Parse(seen.Output)!["trainedOnTheseExamples"]!).ShouldBeTrue();
        seen.Errors.ShouldContain("was trained on these very examples");
        evaluate[4] = Repository.At("tests/fixtures/topics/dev.fr.csv");
        var tables = (await WorkerProcess.RunAsync(folder["state"], evaluate)).ShouldExit(0).Output;
        foreach (var part in new[] { "accuracy", "precision", "confusion", "reliability", "expected calibration error" })
            tables.ShouldContain(part);
        (await WorkerProcess.RunAsync(folder["state"], "labels", "train", "../themes", "--examples", "x.csv")).ShouldExit(2);
        (await WorkerProcess.RunAsync(folder["state"], "labels", "evaluate", "topics", "--examples", "no-such.csv")).ShouldExit(2).Errors.ShouldContain("there is no file");
    }

    [Theory]
    [InlineData("run demo --limit some", "--limit: write a whole number, at least 1.")]
    [InlineData("run demo --limit 0", "--limit: write a whole number, at least 1.")]
    [InlineData("run demo --until 25:00", "--until: write a time of day as 05:30.")]
    [InlineData("run dmo", "There is no job dmo. Did you mean demo?")]
    [InlineData("statis demo", "There is no verb statis. Did you mean status?")]
    [InlineData("models lst", "There is no verb lst. Did you mean list?")]
    [InlineData("export demo --to demo.xlsx", "--to: the file must end with .parquet, .csv, .jsonl.")]
    [InlineData("run", "Required argument 'job' missing for command: 'run'.")]
    public async Task WrongUsageIsToldAtTheDoor(string arguments, string message) =>
        (await WorkerProcess.RunAsync(folder["state"], arguments.Split(' '))).ShouldExit(2).Errors.ShouldStartWith(message);

    [Theory]
    [InlineData("run")]
    [InlineData("service")]
    [InlineData("jobs")]
    [InlineData("status")]
    [InlineData("failures")]
    [InlineData("export")]
    [InlineData("doctor")]
    [InlineData("models list")]
    [InlineData("models add")]
    [InlineData("models verify")]
    [InlineData("models try")]
    [InlineData("labels train")]
    [InlineData("labels evaluate")]
    public async Task EveryVerbHelpsWithAnExample(string verb) =>
        (await WorkerProcess.RunAsync(folder["state"], [.. verb.Split(' '), "--help"])).ShouldExit(0).Output.ShouldContain("Example:");

    private string Letters => $$"""{ "source": { "folder": { "path": "{{folder.Path}}" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "{{folder["results"]}}" } }""";

    private void Configure(string job)
    {
        folder.Write("config/appsettings.json", "{}");
        folder.Write("config/jobs/letters.json", job);
        foreach (var file in Directory.GetFiles(Repository.At("config/labels/topics")))
            folder.Write($"config/labels/topics/{Path.GetFileName(file)}", File.ReadAllText(file));
    }

    private static IReadOnlyList<JsonNode> Lines(string output) => [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => JsonNode.Parse(line)!)];
}
