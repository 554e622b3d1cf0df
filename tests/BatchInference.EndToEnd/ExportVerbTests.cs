namespace BatchInference.EndToEnd;

/// <summary>The current view, written from what lies in the output.</summary>
public sealed class ExportVerbTests : IDisposable
{
    private readonly TinyArchive archive = new(20);

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task WhatWasWrittenIsExportedWhereSourceAndModelsAreGone()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        Directory.Delete(archive.Folder["config/models"], recursive: true);
        (await ExportAsync("--existing")).ShouldExit(0).Output.ShouldContain("20 documents written to");
        Directory.Delete(archive.Folder["archive"], recursive: true);
        (await ExportAsync()).ShouldExit(0).Output.ShouldContain("20 documents written to");
        (await ExportAsync("--existing")).ShouldExit(2).Errors.ShouldContain($"the folder {archive.Folder["archive"]} does not exist");
    }

    [Theory]
    [InlineData(".jsonl")]
    [InlineData(".parquet")]
    [InlineData(".csv")]
    public async Task APartThatIsDamagedIsToldByItsName(string ending)
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        var part = archive.Results.Parts("jsonl")[0];
        await File.WriteAllTextAsync(part, File.ReadAllText(part)[..^20]);
        var told = (await ExportAsync(ending: ending)).ShouldExit(1).Errors;
        told.ShouldStartWith($"jsonl/{Path.GetFileName(Path.GetDirectoryName(part))}/{Path.GetFileName(part)} in ");
        told.TrimEnd().ShouldEndWith("batch-inference ledger check letters --redo");
        File.Exists(archive.Folder[$"view{ending}"]).ShouldBeFalse();
    }

    [Fact]
    public async Task WhereTheBooksKnowNoResultsTheFileStaysAsItIs()
    {
        var view = archive.Folder.Write("view.jsonl", "the one of yesterday");
        (await ExportAsync()).ShouldExit(2).Errors.ShouldStartWith($"The job letters never ran with the state folder {archive.Folder["state"]}, so nothing is known of results in {archive.Folder["results/letters"]}. ");
        (await archive.RunAsync("state")).ShouldExit(0);
        (await VerbAsync("export", "--to", view, "--output", archive.Folder["nothere"])).ShouldExit(2).Errors.ShouldStartWith(
            $"The job letters never ran to {archive.Folder["nothere/letters"]}. Its runs went to {archive.Folder["results/letters"]}. Name a folder with --output as the run was given it, without /letters at its end");
        (await VerbAsync("export", "--to", archive.Folder["nodir/view.jsonl"])).ShouldExit(2).Errors.ShouldStartWith($"--to: the folder {archive.Folder["nodir"]} does not exist");
        File.ReadAllText(view).ShouldBe("the one of yesterday");

        // A run that found nothing has results, and they are none.
        Directory.CreateDirectory(archive.Folder["empty"]);
        (await VerbAsync("run", "--source", archive.Folder["empty"], "--output", archive.Folder["none"])).ShouldExit(0);
        (await VerbAsync("export", "--to", view, "--output", archive.Folder["none"])).ShouldExit(0).Output.ShouldContain("0 documents written to");
    }

    [Fact]
    public async Task WhatExistsIsLookedForInTheFolderThatTheRunWasGiven()
    {
        archive.Folder.Write("elsewhere/a.txt", "A letter. It lies elsewhere.");
        (await VerbAsync("run", "--source", archive.Folder["elsewhere"])).ShouldExit(0);
        var ended = (await ExportAsync("--existing")).ShouldExit(0);
        ended.Output.ShouldContain("0 documents written to");
        ended.Errors.ShouldStartWith($"None of the documents is in {archive.Folder["archive"]}.");
        (await VerbAsync("export", "--to", archive.Folder["view.jsonl"], "--existing", "--source", archive.Folder["elsewhere"])).ShouldExit(0).Output.ShouldContain("1 documents written to");
        (await VerbAsync("export", "--to", archive.Folder["view.jsonl"], "--source", archive.Folder["elsewhere"])).ShouldExit(2).Errors.ShouldContain("--source: is only looked at with --existing.");
    }

    [Fact]
    public async Task FailuresAreThoseOfOneOutputAndOfDocumentsThatTheSourceHas()
    {
        (await VerbAsync("failures")).ShouldExit(0).Output.ShouldStartWith("letters: never run");
        archive.Folder.Write("archive/empty.txt", "");
        archive.Folder.Write("archive/blank.txt", "  ");
        (await archive.RunAsync("state")).ShouldExit(0);
        (await VerbAsync("run", "--output", archive.Folder["other"])).ShouldExit(0);
        (await VerbAsync("failures")).ShouldExit(0).Output.ShouldContain("letters: 2 documents have no answer.");
        (await VerbAsync("status")).ShouldExit(0).Output.ShouldContain($"; to {archive.Folder["other/letters"]}");

        File.Delete(archive.Folder["archive/empty.txt"]);
        (await VerbAsync("run", "--output", archive.Folder["other"])).ShouldExit(0);
        var told = (await VerbAsync("failures", "--output", archive.Folder["other"], "--retry")).ShouldExit(0).Output;
        told.ShouldContain("    blank.txt");
        told.ShouldNotContain("empty.txt");
        told.ShouldContain("letters: 1 documents have no answer.");
        told.ShouldContain("1 that failed are gone from the source");
        told.ShouldContain("1 permanent failures are tried again");
        // The retry was that of the other output.
        var again = (await archive.RunAsync("state")).ShouldExit(0).Output;
        again.ShouldContain("nothing to do");
        (await VerbAsync("status")).ShouldExit(0).Output.ShouldNotContain("; to ");
        (await VerbAsync("failures", "--output", archive.Folder["nothere"])).ShouldExit(2).Errors.ShouldStartWith($"The job letters never ran to {archive.Folder["nothere/letters"]}. ");
    }

    private async Task<Ended> VerbAsync(string verb, params string[] options)
    {
        using var worker = WorkerProcess.Start(archive.Folder["state"], [verb, "letters", .. options, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }

    private async Task<Ended> ExportAsync(string? option = null, string ending = ".jsonl")
    {
        string[] options = option is null ? [] : [option];
        using var worker = WorkerProcess.Start(archive.Folder["state"], ["export", "letters", "--to", archive.Folder[$"view{ending}"], .. options, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }
}
