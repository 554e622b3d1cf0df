namespace BatchInference.EndToEnd;

/// <summary>What an admin does when files were lost, or the ledger itself.</summary>
public sealed class LedgerVerbTests : IDisposable
{
    private readonly TinyArchive archive = new(200);

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task DocumentsOfALostPartAreToldAndDoneAgainWhenAskedFor()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("check")).ShouldExit(0).Output.ShouldContain("the parts in");
        (await LedgerAsync("check", "letters", "--output", "/nowhere")).ShouldExit(2).Errors.ShouldContain("The job letters never ran to /nowhere/letters. Its runs went to ");
        var lost = archive.Results.Parts("jsonl")[0];
        var documents = File.ReadLines(lost).Count();
        File.Delete(lost);
        var check = (await LedgerAsync("check", "letters")).ShouldExit(1);
        check.Output.ShouldContain($"missing     jsonl/{Path.GetFileName(Path.GetDirectoryName(lost))}/{Path.GetFileName(lost)}: holds the rows of {documents} documents.");
        (await LedgerAsync("check", "letters", "--redo")).ShouldExit(1).Output.ShouldContain($"letters: {documents} documents are done again by the next run.");
        (await archive.RunAsync("state")).ShouldExit(0).Output.ShouldContain($"{documents} completed");
        (await LedgerAsync("check")).ShouldExit(0);
    }

    [Fact]
    public async Task AParquetFileThatIsNotWhatItsPartGivesIsToldAndMadeAgainAtOnce()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("check", "letters")).ShouldExit(0);
        var files = archive.Results.Parts("parquet");
        var before = File.ReadAllBytes(files[0]);
        File.WriteAllText(files[0], "garbage");
        (await LedgerAsync("check", "letters")).ShouldExit(1).Output.ShouldContain($"altered     parquet/{Path.GetFileName(Path.GetDirectoryName(files[0]))}/{Path.GetFileName(files[0])}: is not what its JSON lines give.");
        (await LedgerAsync("check", "letters", "--redo")).ShouldExit(1).Output.ShouldContain("letters: 1 files were made again from their JSON lines.");
        File.ReadAllBytes(files[0]).ShouldBe(before);
        File.Delete(files[0]);
        (await LedgerAsync("check", "letters")).ShouldExit(1).Output.ShouldContain($"{Path.GetFileName(files[0])}: the next run makes it again from its JSON lines");
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("check", "letters")).ShouldExit(0);
        File.ReadAllBytes(files[0]).ShouldBe(before);
    }

    [Fact]
    public async Task ABackupIsRestoredAndWhatTheOutputHasMoreIsTold()
    {
        (await LedgerAsync("backup", "--to", archive.Folder["backup.db"])).ShouldExit(2).Errors.ShouldContain("there is no ledger");
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("backup", "--to", archive.Folder["backup.db"])).ShouldExit(0);
        var before = archive.Results.Parts("jsonl");
        archive.Folder.Write("archive/new.txt", "Le conseil municipal a adopté le budget.");
        (await archive.RunAsync("state")).ShouldExit(0);
        var added = archive.Results.Parts("jsonl").Except(before).ShouldHaveSingleItem();

        (await LedgerAsync("restore", "--from", archive.Folder["archive/new.txt"])).ShouldExit(2).Errors.ShouldContain("Nothing was changed.");
        (await LedgerAsync("restore", "--from", archive.Folder["backup.db"])).ShouldExit(0).Output.ShouldContain("The one before is");
        (await LedgerAsync("check")).ShouldExit(1).Output.ShouldContain($"foreign     jsonl/{Path.GetFileName(Path.GetDirectoryName(added))}/{Path.GetFileName(added)}");
        Directory.GetFiles(archive.Folder["state"], "ledger.before-restore-*.db").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task ADamagedLedgerIsToldWithItsRemedy()
    {
        archive.Folder.Write("state/ledger.db", "This is a text, and no database at all.");
        (await archive.RunAsync("state")).ShouldExit(2).Errors.ShouldContain("Restore a backup: batch-inference ledger restore --from FILE");
    }

    [Fact]
    public async Task ALedgerWithDamagedPagesIsReplacedByItsBackupAndKept()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("backup", "--to", archive.Folder["missing/backup.db"])).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"--to: the folder {archive.Folder["missing"]} does not exist, or this account may not see it. Create it, or name another one.");
        (await LedgerAsync("backup", "--to", archive.Folder["backup.db"])).ShouldExit(0);
        var damaged = File.ReadAllBytes(archive.Folder["state/ledger.db"]);
        damaged.AsSpan(4096, 4 * 4096).Fill(0xFF);
        File.WriteAllBytes(archive.Folder["state/ledger.db"], damaged);

        (await LedgerAsync("backup", "--to", archive.Folder["later.db"])).ShouldExit(2).Errors.ShouldContain("the ledger is damaged, so no copy was kept");
        (await LedgerAsync("restore", "--from", archive.Folder["backup.db"])).ShouldExit(0).Output.ShouldContain("The one before is");
        File.ReadAllBytes(Directory.GetFiles(archive.Folder["state"], "ledger.before-restore-*.db").ShouldHaveSingleItem()).ShouldBe(damaged);
        (await LedgerAsync("check")).ShouldExit(0);
        (await archive.RunAsync("state")).ShouldExit(0);
    }

    [Fact]
    public async Task AFileThatIsNoDatabaseIsReplacedByABackup()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        (await LedgerAsync("backup", "--to", archive.Folder["backup.db"])).ShouldExit(0);
        archive.Folder.Write("state/ledger.db", "This is a text, and no database at all.");
        (await LedgerAsync("restore", "--from", archive.Folder["backup.db"])).ShouldExit(0);
        (await LedgerAsync("check")).ShouldExit(0);
    }

    private async Task<Ended> LedgerAsync(params string[] arguments)
    {
        using var worker = WorkerProcess.Start(archive.Folder["state"], ["ledger", .. arguments, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }
}
