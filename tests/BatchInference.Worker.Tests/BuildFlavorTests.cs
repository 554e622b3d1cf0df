using System.Diagnostics;
using System.Text.Json;
using BatchInference.Testing;

namespace BatchInference.Worker.Tests;

/// <summary>The project files of the flavours that cannot be restored here (no package of them can be had), as MSBuild evaluates them.</summary>
public sealed class BuildFlavorTests
{
    private const string Native = "Microsoft.ML.OnnxRuntime";

    [Theory]
    [InlineData("cpu", Native, "1.31.1", "")]
    [InlineData("cuda", Native + ".Gpu", "1.31.1", "packages.cuda.lock.json")]
    [InlineData("directml", Native + ".DirectML", "1.24.4", "packages.directml.lock.json")]
    public async Task AFlavorCarriesOneNativeLibraryWithItsManagedPartAndItsOwnLockFile(string flavor, string package, string version, string lockFile)
    {
        using var evaluated = JsonDocument.Parse(await EvaluateAsync(flavor));
        var items = evaluated.RootElement.GetProperty("Items");
        var properties = evaluated.RootElement.GetProperty("Properties");
        var versions = items.GetProperty("PackageVersion").EnumerateArray().ToDictionary(Identity, item => item.GetProperty("Version").GetString());

        items.GetProperty("PackageReference").EnumerateArray().Select(Identity).Where(name => name.StartsWith(Native, StringComparison.Ordinal)).ShouldBe([package]);
        versions[package].ShouldBe(version);
        // Models refers to the managed part; both come from one release.
        versions[Native + ".Managed"].ShouldBe(version);
        Path.GetFileName(properties.GetProperty("NuGetLockFilePath").GetString()).ShouldBe(lockFile);
        properties.GetProperty("ArtifactsPath").GetString()!.TrimEnd('/').ShouldEndWith(flavor == "cpu" ? "/.artifacts" : $"/.artifacts/{flavor}");
    }

    [Fact]
    public async Task AFlavorThatDoesNotExistIsRefused() =>
        (await RunAsync("-t:KnowOrtFlavor", "-p:OrtFlavor=rocm")).Output.ShouldContain("OrtFlavor is cpu, cuda or directml, not rocm.");

    private static string Identity(JsonElement item) => item.GetProperty("Identity").GetString()!;

    private static async Task<string> EvaluateAsync(string flavor)
    {
        var (code, output) = await RunAsync("-getItem:PackageReference", "-getItem:PackageVersion", "-getProperty:NuGetLockFilePath", "-getProperty:ArtifactsPath", $"-p:OrtFlavor={flavor}");
        code.ShouldBe(0, output);
        return output;
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["msbuild", Repository.At("src/BatchInference.Worker/BatchInference.Worker.csproj"), .. arguments]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
