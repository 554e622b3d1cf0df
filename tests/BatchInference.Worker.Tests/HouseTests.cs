using System.Xml.Linq;
using BatchInference.Testing;

namespace BatchInference.Worker.Tests;

/// <summary>Holds the plan of src/README.md: who may know whom.</summary>
public sealed class HouseTests
{
    private static readonly Dictionary<string, string[]> Plan = new()
    {
        ["BatchInference.Documents"] = [],
        ["BatchInference.Models"] = [],
        ["BatchInference.Pipeline"] = ["BatchInference.Documents", "BatchInference.Models"],
        ["BatchInference.Azure"] = ["BatchInference.Pipeline"],
        ["BatchInference.S3"] = ["BatchInference.Pipeline"],
        ["BatchInference.Worker"] = ["BatchInference.Azure", "BatchInference.Pipeline", "BatchInference.S3"],
    };

    public static TheoryData<string> Projects =>
        new(Directory.GetFiles(Repository.At("src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path)!).Order());

    [Theory, MemberData(nameof(Projects))]
    public void AProjectKnowsOnlyWhomThePlanAllows(string project)
    {
        Plan.ShouldContainKey(project);
        var file = XDocument.Load(Repository.At($"src/{project}/{project}.csproj"));
        var references = file.Descendants("ProjectReference").Select(e => Path.GetFileNameWithoutExtension((string)e.Attribute("Include")!)).ToArray();
        references.ShouldBeSubsetOf(Plan[project]);
    }

    [Fact]
    public void TheRootHoldsWhatTheUserFixedAndNothingElse() =>
        Directory.GetFileSystemEntries(Repository.Root).Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.') && name != "results")
            .Order(StringComparer.Ordinal)
            .ShouldBe(["BatchInference.sln", "README.md", "config", "install", "src", "tests"]);

    [Fact]
    public void NoSourceFileDeclaresAnInterface() =>
        Directory.GetFiles(Repository.At("src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => System.Text.RegularExpressions.Regex.IsMatch(File.ReadAllText(path), @"^\s*(public |internal |private )?(partial )?interface I", System.Text.RegularExpressions.RegexOptions.Multiline))
            .ShouldBeEmpty();
}
