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

    private async Task<Ended> ExportAsync(string? option = null, string ending = ".jsonl")
    {
        string[] options = option is null ? [] : [option];
        using var worker = WorkerProcess.Start(archive.Folder["state"], ["export", "letters", "--to", archive.Folder[$"view{ending}"], .. options, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }
}
