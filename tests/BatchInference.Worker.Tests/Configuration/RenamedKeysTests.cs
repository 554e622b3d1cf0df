using System.Collections;
using System.Text.Json.Nodes;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

/// <summary>Configurations that were written for another version.</summary>
public sealed class RenamedKeysTests : IDisposable
{
    private static readonly Dictionary<string, string> Table = new() { ["Models.Cores"] = "Models.Threads", ["Ocr.Resolution"] = "Ocr.Dpi" };

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AKeyThatWasRenamedIsUnderstoodWithAWarning()
    {
        var content = (JsonObject)JsonNode.Parse("""{ "Models": { "Cores": 2 }, "Ocr": { "Dpi": 200 } }""")!;
        var (warnings, errors) = Apply(content);
        content.ToJsonString().ShouldBe("""{"Models":{"Threads":2},"Ocr":{"Dpi":200}}""");
        warnings.ShouldBe(["appsettings.json: Models.Cores is called Models.Threads now. It is understood; rename it."]);
        errors.ShouldBeEmpty();
    }

    [Fact]
    public void AKeyUnderBothNamesIsAnError() =>
        Apply((JsonObject)JsonNode.Parse("""{ "Models": { "Cores": 2, "Threads": 4 } }""")!).Errors.ShouldBe(["appsettings.json: Models.Cores: is another name of Models.Threads, which stands there too. Remove Models.Cores."]);

    [Fact]
    public void EachNameOfTheTableLeadsToAKeyThatThereIsInTheSameSection()
    {
        foreach (var (other, name) in RenamedKeys.OfSettings)
        {
            other[..other.LastIndexOf('.')].ShouldBe(name[..name.LastIndexOf('.')]);
            Find(other).ShouldBeNull();
            Find(name).ShouldNotBeNull();
        }
    }

    [Fact]
    public void FileAndEnvironmentMayBothSayTheOtherName()
    {
        folder.Write("appsettings.json", """{ "Ledger": { "ConnectionString": "Host=db" } }""");
        var read = Read(new Hashtable());
        read.Settings.Ledger.PostgreSql.ShouldBe("Host=db");
        read.Warnings.ShouldBe(["appsettings.json: Ledger.ConnectionString is called Ledger.PostgreSql now. It is understood; rename it."]);

        folder.Write("appsettings.json", "{}");
        read = Read(new Hashtable { ["BATCHINFERENCE__Ledger__ConnectionString"] = "Host=other" });
        read.Settings.Ledger.PostgreSql.ShouldBe("Host=other");
        read.Warnings.ShouldBe(["environment variable BATCHINFERENCE__Ledger__ConnectionString: Ledger.ConnectionString is called Ledger.PostgreSql now. It is understood; rename the variable."]);
    }

    private static Key? Find(string path) => path.Split('.').Aggregate((Key?)KnownKeys.AppSettings, (key, name) => (key as SectionKey)?.Find(name));

    private static (List<string> Warnings, List<string> Errors) Apply(JsonObject content)
    {
        var (warnings, errors) = (new List<string>(), new List<string>());
        RenamedKeys.Apply(content, "appsettings.json", Table, warnings, errors);
        return (warnings, errors);
    }

    private WorkerConfiguration Read(Hashtable environment) => WorkerConfiguration.Read(folder.Path, folder["state"], folder.Path, environment);
}
