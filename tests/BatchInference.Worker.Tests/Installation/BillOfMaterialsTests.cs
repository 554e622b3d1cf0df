using System.Diagnostics;
using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.Worker.Tests.Installation;

/// <summary>What the release script writes of the program's parts, by the lock file of the build.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class BillOfMaterialsTests
{
    private readonly JsonNode bill = JsonNode.Parse(Write())!;

    [Fact]
    public void ItHasTheShapeOfCycloneDx()
    {
        // https://cyclonedx.org/docs/1.6/json: what is required, and the forms of what is there.
        ((string)bill["bomFormat"]!, (string)bill["specVersion"]!, (int)bill["version"]!).ShouldBe(("CycloneDX", "1.6", 1));
        ((string)bill["metadata"]!["component"]!["type"]!, (string)bill["metadata"]!["component"]!["name"]!, (string)bill["metadata"]!["component"]!["version"]!).ShouldBe(("application", "batch-inference", "1.2.3"));
        bill.AsObject().Select(entry => entry.Key).ShouldBe(["bomFormat", "specVersion", "version", "metadata", "components"]);
        foreach (var component in Components)
        {
            component.AsObject().Select(entry => entry.Key).Except(["type", "bom-ref", "name", "version", "purl", "hashes", "licenses"]).ShouldBeEmpty();
            ((string)component["type"]!).ShouldBe("library");
            ((string)component["purl"]!).ShouldBe($"pkg:nuget/{(string)component["name"]!}@{(string)component["version"]!}");
            ((string)component["hashes"]![0]!["alg"]!).ShouldBe("SHA-512");
            ((string)component["hashes"]![0]!["content"]!).ShouldMatch("^[0-9a-f]{128}$");
        }

        Components.Select(component => (string)component["bom-ref"]!).ShouldBeUnique();
    }

    [Fact]
    public void ItNamesEveryPackageOfTheLockFileAndNothingElse()
    {
        var locked = JsonNode.Parse(File.ReadAllText(LockFile))!["dependencies"]!.AsObject().SelectMany(target => target.Value!.AsObject())
            .Where(package => (string)package.Value!["type"]! != "Project").Select(package => package.Key)
            // What only builds the program is not in it.
            .Where(name => !name.StartsWith("Microsoft.CodeAnalysis.", StringComparison.Ordinal)).Distinct();
        Components.Select(component => (string)component["name"]!).ShouldBe(locked, ignoreOrder: true);
    }

    [Fact]
    public void EveryComponentHasItsLicence() =>
        Components.Where(component => component["licenses"] is not JsonArray { Count: > 0 }).Select(component => (string)component["name"]!).ShouldBeEmpty();

    [Fact]
    public async Task TheFirstReleaseOfAFlavorNamesItsOwnNativeLibrary()
    {
        // Its packages cannot be had here: the build is a stand-in that leaves what NuGet leaves.
        using var tree = new TempFolder();
        using (var copy = Process.Start("cp", ["-r", Repository.At("install"), tree["install"]]))
            await copy.WaitForExitAsync();
        tree.Write("src/Directory.Build.props", "<Version>1.2.3</Version>");
        tree.Write("src/BatchInference.Worker/packages.lock.json", Locked("Microsoft.ML.OnnxRuntime"));
        tree.Write("config/appsettings.json", "{}");
        tree.Write("bin/dotnet", $"""
            #!/bin/sh
            project=$2
            while [ "$1" != -o ]; do shift; done
            mkdir -p "$2"
            echo '{Locked("Microsoft.ML.OnnxRuntime.Gpu")}' > "$project/packages.cuda.lock.json"
            """);
        File.SetUnixFileMode(tree["bin/dotnet"], (UnixFileMode)0b111_101_101);

        var start = new ProcessStartInfo("bash", [tree["install/release.sh"], "--flavor", "cuda"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{tree["bin"]}:{Environment.GetEnvironmentVariable("PATH")}";
        using var release = Process.Start(start)!;
        var errors = release.StandardError.ReadToEndAsync();
        await release.StandardOutput.ReadToEndAsync();
        await release.WaitForExitAsync();

        release.ExitCode.ShouldBe(0, await errors);
        JsonNode.Parse(File.ReadAllText(tree[".artifacts/release/1.2.3-cuda/sbom.cdx.json"]))!["components"]!.AsArray().Select(component => (string)component!["name"]!).ShouldBe(["Microsoft.ML.OnnxRuntime.Gpu"]);
    }

    private static string Locked(string package) => """{ "version": 2, "dependencies": { "net10.0": { "NAME": { "type": "Direct", "resolved": "1.31.1", "contentHash": "AAAA" } } } }""".Replace("NAME", package, StringComparison.Ordinal);

    private static string LockFile => Repository.At("src/BatchInference.Worker/packages.lock.json");

    private IEnumerable<JsonNode> Components => bill["components"]!.AsArray().Select(component => component!);

    private static string Write()
    {
        using var python = Process.Start(new ProcessStartInfo("python3", [Repository.At("install/sbom.py"), LockFile, "1.2.3"]) { RedirectStandardOutput = true })!;
        var text = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        python.ExitCode.ShouldBe(0);
        return text;
    }
}
