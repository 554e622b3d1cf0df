using System.Security.Cryptography;
using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Who gave an answer, and giving it again: what an auditor needs years later.</summary>
public sealed class ProvenanceTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AnAnswerIsOfTheHeadThatItsRunKeptAndIsHadAgainWithIt()
    {
        Configure("""{ }""");
        await TrainAsync("roads", "forests");
        (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"])).ShouldExit(0);
        await TrainAsync("forests", "roads");
        (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"])).ShouldExit(0);

        var results = new ResultFolder(folder["results"], "letters");
        var rows = results.Rows().ToArray();
        rows.Length.ShouldBe(4);
        var manifests = results.Manifests().ToArray();
        manifests.Select(manifest => (string)manifest["models"]![0]!["fingerprint"]!).ShouldBeUnique();
        manifests.Select(manifest => (string)manifest["models"]![0]!["folderFingerprint"]!).Distinct().ShouldHaveSingleItem();
        manifests.Select(manifest => (string)manifest["tasks"]!["topic"]!["labelSet"]!["head"]!["examples"]!["sha256"]!).ShouldBeUnique();
        for (var run = 0; run < 2; run++)
        {
            var told = manifests[run]["tasks"]!["topic"]!["labelSet"]!;
            ((string)told["name"]!).ShouldBe("mine");
            foreach (var file in new[] { told, told["head"]! })
                Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(results.Runs[run], (string)file["kept"]!)))).ShouldBe((string)file["sha256"]!);

            // Another state and output: the kept folder alone gives the answers again.
            Directory.Delete(folder["config/labels"], recursive: true);
            Copy(Path.Combine(results.Runs[run], "labels"), folder["config/labels"]);
            (await WorkerProcess.RunAsync(folder[$"state-{run}"], "run", "letters", "--config", folder["config"], "--output", folder[$"again-{run}"])).ShouldExit(0);
            var again = new ResultFolder(folder[$"again-{run}"], "letters").Rows().ToDictionary(row => (string)row["document"]!, row => row["results"]!["topic"]!.ToJsonString());
            rows.Where(row => (string)row["run"]! == (string)manifests[run]["run"]!).ToDictionary(row => (string)row["document"]!, row => row["results"]!["topic"]!.ToJsonString()).ShouldBe(again, ignoreOrder: true);
        }
    }

    [Fact]
    public async Task TheManifestTellsWhatOfTheProgramAndTheMachineDecides()
    {
        Configure("""{ "Limits": { "Pages": 77 }, "Models": { "Variant": "q4" }, "Ocr": { "Enabled": false } }""");
        (await WorkerProcess.RunAsync(folder["state"], "labels", "train", "mine", "--examples", Examples("roads", "forests"), "--config", folder["config"])).ShouldExit(0);
        var limited = (await WorkerProcess.RunAsync(folder["state"], "run", "letters", "--config", folder["config"], "--limit", "1", "--json")).ShouldExit(0);
        var summary = JsonNode.Parse(limited.Output)!;
        ((bool)summary["complete"]!, (int)summary["limit"]!).ShouldBe((false, 1));
        (await WorkerProcess.RunAsync(folder["state"], "status", "letters", "--config", folder["config"])).ShouldExit(0).Output.ShouldContain("others are left");
        var manifest = new ResultFolder(folder["results"], "letters").Manifests().ShouldHaveSingleItem();
        ((bool)manifest["complete"]!, (int)manifest["limit"]!, (string)manifest["reason"]!).ShouldBe((false, 1, "The run was asked for 1 document only."));
        var environment = manifest["environment"]!;
        ((int)environment["settings"]!["Limits"]!["Pages"]!).ShouldBe(77);
        ((string)environment["settings"]!["Models"]!["Variant"]!).ShouldBe("q4");
        ((bool)environment["tools"]!["readsScans"]!).ShouldBeFalse();
        ((string)environment["inference"]!).ShouldStartWith("ONNX Runtime ");
        ((int)environment["machine"]!["cores"]!).ShouldBeGreaterThan(0);
        environment["machine"]!["instructions"]!.AsArray().ShouldNotBeEmpty();
    }

    private void Configure(string settings)
    {
        folder.Write("config/appsettings.json", settings);
        folder.Write("config/jobs/letters.json", $$"""{ "source": { "folder": { "path": "{{folder["letters"]}}" } }, "tasks": { "topic": { "classify": { "labels": "mine" } } }, "output": { "folder": "{{folder["results"]}}" } }""");
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        folder.Write("letters/road.txt", "La route départementale est coupée par des travaux, le bus ne passe plus.");
        folder.Write("letters/wood.txt", "Les chênes de la forêt communale sont malades et seront abattus.");
    }

    private async Task TrainAsync(string road, string wood) =>
        (await WorkerProcess.RunAsync(folder["state"], "labels", "train", "mine", "--examples", Examples(road, wood), "--config", folder["config"])).ShouldExit(0);

    private string Examples(string road, string wood)
    {
        (string Text, string Label)[] examples =
        [
            ("Le pont est fermé à la circulation.", road), ("Les bus seront déviés par la rue du port.", road), ("Un nid-de-poule sur la chaussée.", road),
            ("La coupe des hêtres commence lundi.", wood), ("Un sentier traverse le bois.", wood), ("Les arbres de l'allée sont centenaires.", wood),
        ];
        folder.Write("examples.jsonl", string.Concat(examples.Select(example => new JsonObject { ["text"] = example.Text, ["label"] = example.Label }.ToJsonString() + "\n")));
        return folder["examples.jsonl"];
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
