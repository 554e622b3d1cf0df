using System.Runtime.Versioning;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs.Storages;

namespace BatchInference.Worker.Tests.Jobs;

/// <summary>A job that would read what it wrote, and folders that are none.</summary>
[SupportedOSPlatform("linux")]
public sealed class OwnResultsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public OwnResultsTests() => Directory.CreateDirectory(folder["archive/inside"]);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("archive", ", or leave them out by source.folder.exclude: \"letters/**\".")]
    [InlineData("archive/results", ", or leave them out by source.folder.exclude: \"results/letters/**\".")]
    [InlineData("link", ", or leave them out by source.folder.exclude: \"inside/letters/**\".")]
    public void ResultsInTheSourceAreRefusedWithWhatToDo(string output, string remedy)
    {
        Directory.CreateSymbolicLink(folder["link"], folder["archive/inside"]);
        Refusal(output).ShouldBe($"jobs/letters.json: output.folder: {folder[output]}/letters lies in the source, {folder["archive"]}, so the next run would read these results as documents. Write them elsewhere{remedy}");
    }

    [Theory]
    [InlineData("results")]
    [InlineData("archive/results", "results/letters/**")]
    [InlineData("archive/results", "/results/")]
    [InlineData("archive/results", "*.jsonl", "*.parquet")]
    [InlineData("archives")]
    public void OthersAreNot(string output, params string[] exclude) => Open(output, exclude).Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\0b")]
    public void WhatIsNoPathIsTold(string path)
    {
        var shown = path.Replace("\0", "\\u0000", StringComparison.Ordinal);
        Should.Throw<ConfigurationException>(() => JobPlaces.Of(Configuration, Job("results"), path, path)).Errors.ShouldBe([$"--source: \"{shown}\" is no path of a folder.", $"--output: \"{shown}\" is no path of a folder."]);
    }

    [Fact]
    public void AFileWhereTheResultsAreToGoIsTold()
    {
        folder.Write("file", "");
        Refusal("file/results").ShouldBe($"jobs/letters.json: output.folder: {folder["file/results/letters"]} cannot be a folder: {folder["file"]} is a file.");
    }

    private string Refusal(string output) => Should.Throw<ConfigurationException>(() => Open(output)).Errors.ShouldHaveSingleItem();

    private JobPlaces Open(string output, params string[] exclude) => JobPlaces.Of(Configuration, Job(output, exclude), null, null);

    private WorkerConfiguration Configuration => new(new Folders(folder, folder["state"], folder), new AppSettings(), new Dictionary<string, JobSettings>());

    private JobSettings Job(string output, params string[] exclude) => new()
    {
        Name = "letters",
        Source = new SourceSettings { Folder = new FolderSettings { Path = folder["archive"], Exclude = exclude } },
        Output = new OutputSettings { Folder = folder[output] },
    };
}
