using System.Collections;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

public sealed class WorkerConfigurationTests
{
    private const string Job = """
        { "source": { "folder": { "path": "docs" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "out" } }
        """;

    [Fact]
    public void WhatIsShippedIsInOrder()
    {
        var configuration = WorkerConfiguration.Read(Repository.At("config"), "state", "program", new Hashtable());
        configuration.Folders.Shipped.ShouldBe(Repository.At("config"));
        configuration.Job("demo").Tasks.Keys.ShouldBe(["topic", "summary"]);
    }

    [Fact]
    public void CommentsAndTrailingCommasAreAllowed() =>
        Read("{ // all\n \"Limits\": { \"Pages\": 5, }, }", Job).Settings.Limits.Pages.ShouldBe(5);

    [Fact]
    public void EveryErrorOfEveryFileIsToldAtOnce() =>
        Errors("""{ "Limits": { "Pages": 0, "Charakters": 5 }, "Models": { "Provider": "gpu" } }""", """
            {
              "schedule": [ { "opens": "25:00", "closes": "06:00", "timeZone": "Europe/Pari", "nights": ["Lun"], "exceptNightsOf": ["2026-02-30"] }, { "opens": "20:00", "closes": "20:00" } ],
              "source": { },
              "tasks": { "Topic": { "classify": { } }, "summary": { "summarize": { "sentences": 2, "characters": 9 } } },
              "output": { "folder": 5, "formats": ["xml"], "tekst": true },
            }
            """).ShouldBe(
        [
            "appsettings.json: Limits.Pages: 0 is out of range. Write a whole number from 1 to 1000000.",
            "appsettings.json: Limits.Charakters: there is no such key. Did you mean Characters?",
            "appsettings.json: Models.Provider: \"gpu\" is none of the values that are known. Write one of \"cpu\", \"cuda\", \"directml\".",
            "jobs/job.json: schedule[0].opens: \"25:00\" is not a time as HH:mm.",
            "jobs/job.json: schedule[0].nights[0]: \"Lun\" is not a day or range of days such as Mon or Mon-Fri.",
            "jobs/job.json: schedule[0].timeZone: \"Europe/Pari\" is not known on this machine. Write an IANA name such as Europe/Paris, or a Windows name such as Romance Standard Time.",
            "jobs/job.json: schedule[0].exceptNightsOf[0]: \"2026-02-30\" is no date of the calendar.",
            "jobs/job.json: schedule[1].closes: \"20:00\" is the time of the opening. Write a later time; 24 hours are two schedules.",
            "jobs/job.json: source: says nothing. Write exactly one of folder.",
            "jobs/job.json: tasks.Topic: \"Topic\" is no good name. Use lower-case letters, digits, - and _.",
            "jobs/job.json: tasks.Topic.classify.labels: is missing. Name of the set in `labels/`. (name of a label set).",
            "jobs/job.json: tasks.summary.summarize.characters: 9 is out of range. Write a whole number from 20 to 100000.",
            "jobs/job.json: tasks.summary.summarize: says sentences and characters. Write exactly one of sentences, characters.",
            "jobs/job.json: output.folder: 5 is not a path. Write it in quotation marks.",
            "jobs/job.json: output.formats[0]: \"xml\" is none of the values that are known. Write one of \"jsonl\", \"parquet\", \"csv\".",
            "jobs/job.json: output.tekst: there is no such key. Did you mean text?",
        ]);

    public static TheoryData<string> EveryKey => new(Keys(KnownKeys.AppSettings, ""));

    [Theory, MemberData(nameof(EveryKey))]
    public void AMisspeltKeyIsToldWithTheKeyThatWasMeant(string path)
    {
        var names = path.Split('.');
        var misspelt = names[^1] + "x";
        var content = $"\"{misspelt}\": 1";
        foreach (var name in names[..^1].Reverse()) content = $"\"{name}\": {{ {content} }}";
        Errors($"{{ {content} }}", Job).ShouldBe([$"appsettings.json: {string.Join('.', [.. names[..^1], misspelt])}: there is no such key. Did you mean {names[^1]}?"]);
    }

    [Fact]
    public void WhatIsNoJsonIsToldWithItsPlace() =>
        Errors("{\n  \"Limits\": {\n", Job).ShouldHaveSingleItem().ShouldStartWith("appsettings.json: line 3, column ");

    [Fact]
    public void TheEnvironmentOverridesBothFiles()
    {
        var configuration = Read("{}", Job, new Hashtable
        {
            ["BATCHINFERENCE__Limits__Pages"] = "7", ["BATCHINFERENCE__JOBS__JOB__output__formats__0"] = "csv", ["BATCHINFERENCE__Jobs__job__output__text"] = "true", ["BATCHINFERENCE_STATE"] = "elsewhere",
        });
        configuration.Settings.Limits.Pages.ShouldBe(7);
        configuration.Job("job").Output.Formats.ShouldBe(["csv"]);
        configuration.Job("job").Output.Text.ShouldBeTrue();
    }

    [Fact]
    public void AVariableThatMeansNothingIsTold() =>
        Errors("{}", Job, new Hashtable { ["BATCHINFERENCE__Limits__Page"] = "7", ["BATCHINFERENCE__Jobs__jab__output__text"] = "true" }).ShouldBe(
        [
            "environment variable BATCHINFERENCE__Limits__Page: there is no key Page. Did you mean Pages?",
            "environment variable BATCHINFERENCE__Jobs__jab__output__text: there is no such job. Did you mean job?",
        ]);

    [Fact]
    public void AJobThatThereIsNotIsToldWithTheNearest() =>
        Should.Throw<ConfigurationException>(() => Read("{}", Job).Job("jop")).Message.ShouldBe("There is no job jop. Did you mean job?");

    private static IEnumerable<string> Keys(SectionKey section, string path) => section.Keys.SelectMany(key =>
        key.Key is SectionKey inner ? Keys(inner, path + key.Name + ".").Prepend(path + key.Name) : [path + key.Name]);

    private static IReadOnlyList<string> Errors(string settings, string job, IDictionary? environment = null) =>
        Should.Throw<ConfigurationException>(() => Read(settings, job, environment)).Errors;

    private static WorkerConfiguration Read(string settings, string job, IDictionary? environment = null)
    {
        using var folder = new TempFolder();
        folder.Write("appsettings.json", settings);
        folder.Write("jobs/job.json", job);
        return WorkerConfiguration.Read(folder, folder["state"], folder["program"], environment ?? new Hashtable());
    }
}
