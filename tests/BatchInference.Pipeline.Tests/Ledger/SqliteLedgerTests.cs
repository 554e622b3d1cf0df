using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline.Tests;

public sealed class SqliteLedgerTests : LedgerContract, IDisposable
{
    private readonly TempFolder state = new();
    private readonly SqliteLedger ledger;

    public SqliteLedgerTests() => ledger = SqliteLedger.Open(state);

    protected override Ledger Ledger => ledger;

    public void Dispose()
    {
        ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
        state.Dispose();
    }

    [Fact]
    public async Task WhatIsRecordedIsThereWhenItIsOpenedAgainAndForAnotherProcessToRead()
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        await using var second = SqliteLedger.Open(state);
        (await second.FindAsync(Some.Scope, ["a"], default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ALedgerOfANewerProgramIsRefused()
    {
        await ledger.DisposeAsync();
        await ExecuteAsync(state["ledger.db"], "PRAGMA user_version = 99");

        Should.Throw<InvalidDataException>(() => SqliteLedger.Open(state)).Message.ShouldEndWith($"the ledger has version 99, this program knows versions up to {SqliteSchema.Newest}. Use the program that made it, or a newer one.");
    }

    [Fact]
    public async Task AJobThatCouldNotBeTakenIsFree()
    {
        var holder = new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening);
        Directory.CreateDirectory(state["running/letters.holder/in the way"]);
        await Should.ThrowAsync<Exception>(() => ledger.HoldAsync("letters", holder, default));
        Directory.Delete(state["running/letters.holder"], recursive: true);
        await (await ledger.HoldAsync("letters", holder, default)).DisposeAsync();
    }

    [Theory]
    [InlineData(7, "there was not enough memory. Give the machine more, or let less run beside it.")]
    [InlineData(11, "it is damaged (said). Restore a backup: batch-inference ledger restore --from FILE")]
    [InlineData(12, "SQLite refuses (said). If it does again, look whether its disk is sound; then batch-inference ledger check.")]
    public void OnlyDamageIsCalledDamage(int code, string told) => new LedgerUnusableException("ledger.db", new SqliteException("said", code)).Message.ShouldBe($"ledger.db: the ledger cannot be used: {told}");

    public static TheoryData<int> EarlierVersions => [.. Enumerable.Range(1, SqliteSchema.Newest - 1)];

    // The dumps are what the programs of those versions wrote; whoever adds a migration adds the dump of the version before.
    [Theory, MemberData(nameof(EarlierVersions))]
    public async Task ALedgerOfAnEarlierVersionIsBroughtFurtherAndKept(int version)
    {
        using var old = new TempFolder();
        var file = old["ledger.db"];
        await ExecuteAsync(file, File.ReadAllText(Repository.At($"tests/BatchInference.Pipeline.Tests/Ledger/versions/{version}.sql")));

        await using (var opened = SqliteLedger.Open(old))
        {
            (await opened.DamagesAsync(default)).ShouldBeEmpty();
            var runs = await opened.RunsAsync("letters", 5, default);
            runs.Select(run => run.Run.ToString()).ShouldBe(["20261124T190000Z-0002", "20261123T190000Z-0001"]);
            runs[1].Ending.ShouldBe(new RunEnding(Some.Evening.AddHours(1), RunEnd.Stopped, "The night closed.", new RunCounts { Listed = 7, Completed = 2, Failed = 1 }, 4, true));
            (await opened.FindAsync(Some.Scope, ["a", "b", "c", "d"], default)).ShouldBe(new Dictionary<string, SettledDocument>
            {
                ["a"] = new("v1", Some.Sha256(1), RowStatus.Completed, "work", "extraction", false, runs[1].Run),
                ["b"] = new("v2", Some.Sha256(2), RowStatus.Completed, "work", "extraction", false, runs[0].Run),
                ["c"] = new("v1", null, RowStatus.Failed, "work", "extraction", true, runs[1].Run),
            }, ignoreOrder: true);
            (await opened.FailuresAsync(Some.Scope, default).Select(failed => failed.Path).ToListAsync()).ShouldBe(["c", "d"]);
            (await opened.PartsAsync(Some.Scope, default).CountAsync()).ShouldBe(2);
            await opened.SettleAsync(new Settlement(runs[0].Run, Some.Part(runs[0], 1, 1), [new SettledRow("d", "v1", Some.Sha256(4), RowStatus.Completed)], [], []), default);
            (await opened.FailuresAsync(Some.Scope, default).Select(failed => failed.Path).ToListAsync()).ShouldBe(["c"]);
        }

        VersionOf(file).ShouldBe(SqliteSchema.Newest);
        VersionOf(SqliteSchema.BackupOf(file, version)).ShouldBe(version);
    }

    [Fact]
    public async Task ABackupTakenWhileTheBooksAreOpenIsRestoredOverLaterOnes()
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        await ledger.BackUpAsync(state["backup.db"], default);
        await SettleAsync(await BeginAsync(2), 0, ["b"]);
        SqliteLedger.Restore(state, state["backup.db"], state["kept.db"]);
        // Also for who had them open.
        (await ledger.FindAsync(Some.Scope, ["a", "b"], default)).Keys.ShouldBe(["a"]);
        await SettleAsync(await BeginAsync(3), 0, ["c"]);
        (await ledger.DamagesAsync(default)).ShouldBeEmpty();

        using var other = new TempFolder();
        SqliteLedger.Restore(other, state["kept.db"], other["none.db"]);
        await using var restored = SqliteLedger.Open(other);
        (await restored.FindAsync(Some.Scope, ["a", "b", "c"], default)).Keys.Order().ShouldBe(["a", "b"]);
        Directory.GetFiles(state).Where(path => path.Contains(".tmp", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory, InlineData(0), InlineData(4096)]
    public async Task ABackupTakesThePlaceOfDamagedBooksWhichAreKeptByteForByte(int damagedFrom)
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        await ledger.BackUpAsync(state["backup.db"], default);
        await SettleAsync(await BeginAsync(2), 0, ["b"]);
        await ledger.DisposeAsync();
        var damaged = File.ReadAllBytes(state["ledger.db"]);
        damaged.AsSpan(damagedFrom).Fill(7);
        File.WriteAllBytes(state["ledger.db"], damaged);

        SqliteLedger.Restore(state, state["backup.db"], state["kept.db"]);

        File.ReadAllBytes(state["kept.db"]).ShouldBe(damaged);
        await using var restored = SqliteLedger.Open(state);
        (await restored.FindAsync(Some.Scope, ["a", "b"], default)).Keys.ShouldBe(["a"]);
        (await restored.DamagesAsync(default)).ShouldBeEmpty();
        Directory.GetFiles(state).Where(path => path.Contains(".tmp", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheLogOfDamagedBooksIsKeptBesideThem()
    {
        await ledger.BackUpAsync(state["backup.db"], default);
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, [.. Enumerable.Range(0, 2000).Select(number => $"{number:0000}")]);
        // Closed and opened again, so that most pages stand in the file alone.
        await ledger.DisposeAsync();
        await using var opened = SqliteLedger.Open(state);
        await opened.PauseAsync(run.Run, "a reason", default);
        // As a power cut leaves them: what was recorded last stands in the log.
        using var cut = new TempFolder();
        foreach (var file in Directory.GetFiles(state, "ledger.db*"))
            await using (var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            await using (var to = File.Create(cut[Path.GetFileName(file)]))
                await from.CopyToAsync(to);
        using (var file = new FileStream(cut["ledger.db"], FileMode.Open))
        {
            file.Position = 4096;
            file.Write(Enumerable.Repeat((byte)7, (int)file.Length - 4096).ToArray());
        }

        var log = File.ReadAllBytes(cut["ledger.db-wal"]);
        log.Length.ShouldBePositive();

        SqliteLedger.Restore(cut, state["backup.db"], cut["kept.db"]);

        File.ReadAllBytes(cut["kept.db-wal"]).ShouldBe(log);
        await using var restored = SqliteLedger.Open(cut);
        (await restored.DamagesAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task DamagedBooksThatCannotBeMovedAsideStayWithTheirLog()
    {
        await ledger.BackUpAsync(state["backup.db"], default);
        await ledger.DisposeAsync();
        File.WriteAllText(state["ledger.db"], "This is a text, and no database at all.");
        File.WriteAllText(state["ledger.db-wal"], "a log");
        // The log can be moved, the file behind it cannot.
        Directory.CreateDirectory(state["kept.db"]);

        Should.Throw<IOException>(() => SqliteLedger.Restore(state, state["backup.db"], state["kept.db"]));

        File.ReadAllText(state["ledger.db"]).ShouldStartWith("This is a text");
        File.ReadAllText(state["ledger.db-wal"]).ShouldBe("a log");
        Directory.GetFiles(state).Where(path => path.Contains(".tmp", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ABackupIntoAFolderThatIsMissingNamesTheFolder() =>
        (await Should.ThrowAsync<DirectoryNotFoundException>(() => ledger.BackUpAsync(state["missing/backup.db"], default))).Message.ShouldContain(state["missing"]);

    [Fact]
    public async Task WhatIsNoLedgerIsNotRestored()
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        await ledger.BackUpAsync(state["backup.db"], default);
        await ExecuteAsync(state["empty.db"], "PRAGMA user_version = 0; CREATE TABLE x (y)");
        await ExecuteAsync(state["newer.db"], "PRAGMA user_version = 99; CREATE TABLE x (y)");
        File.WriteAllText(state["text.db"], "This is a text, and no database at all.");
        var bytes = File.ReadAllBytes(state["backup.db"]);
        bytes.AsSpan(4096, bytes.Length - 4096).Fill(7);
        File.WriteAllBytes(state["damaged.db"], bytes);
        foreach (var file in new[] { "empty.db", "newer.db", "text.db", "damaged.db", "missing.db" })
            Should.Throw<InvalidDataException>(() => SqliteLedger.Restore(state, state[file], state["kept.db"])).Message.ShouldStartWith(state[file]);
        (await ledger.FindAsync(Some.Scope, ["a"], default)).Count.ShouldBe(1);
        File.Exists(state["kept.db"]).ShouldBeFalse();
    }

    [Fact]
    public async Task NothingIsRestoredWhileAJobRuns()
    {
        await ledger.BackUpAsync(state["backup.db"], default);
        await using (await ledger.HoldAsync("letters", new JobHolder(Some.Run(1).Run, "here", 4711, Some.Evening), default))
            Should.Throw<JobIsRunningException>(() => SqliteLedger.Restore(state, state["backup.db"], state["kept.db"])).Message.ShouldContain("process 4711 on here");
        SqliteLedger.Restore(state, state["backup.db"], state["kept.db"]);
    }

    [Fact]
    public async Task ADamagedLedgerIsTold()
    {
        await SettleAsync(await BeginAsync(1), 0, [.. Enumerable.Range(0, 500).Select(number => $"{number:0000}")]);
        await ledger.DisposeAsync();
        await ExecuteAsync(state["ledger.db"], "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'document_of_part'; PRAGMA foreign_keys = OFF; DELETE FROM part");
        await using var opened = SqliteLedger.Open(state);
        (await opened.DamagesAsync(default)).ShouldContain("a row of document refers to a row of part that is gone");
    }

    private static async Task ExecuteAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static int VersionOf(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        return SqliteFile.Version(connection);
    }
}
