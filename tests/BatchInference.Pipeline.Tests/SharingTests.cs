using BatchInference.Models.Passes;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using CsCheck;
using Npgsql;
using Polly;

namespace BatchInference.Pipeline.Tests;

/// <summary>Several nodes do one run: each document once, whoever stops, dies or comes back late.</summary>
public sealed class SharingTests(SharedPostgres server) : IAsyncLifetime
{
    private readonly Archive archive = new();
    private string database = "";
    private PostgresLedger first = null!, second = null!;

    public async ValueTask InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        (first, second) = (await OpenAsync(), await OpenAsync());
        Put(0, 60);
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        archive.Dispose();
    }

    [Fact]
    public async Task NodesShareOneRunAndEachDocumentHasOneRow()
    {
        using var helped = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => helped.Wait() });
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => helped.Set() }, shares: true);
        var (leader, other) = (await leading, await sharing);

        (leader.End, leader.IsShared, other.End, other.IsShared).ShouldBe((RunEnd.Complete, false, RunEnd.Complete, true), $"{leader.Reason} {other.Reason}");
        other.Counts.Completed.ShouldBeGreaterThan(0);
        (leader.Counts.Listed, leader.Counts.Completed, leader.Remaining).ShouldBe((60, 60, 0));
        leader.Counts.Tokens.ShouldBe(archive.Rows.Sum(row => row.TokensRead!.Value));
        leader.Parts.ShouldBe(archive.Sink.Names.Count(name => name.StartsWith("jsonl/", StringComparison.Ordinal)));
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
        var nodes = await first.NodesAsync(leader.Run, default);
        nodes.Count.ShouldBe(2);
        nodes.ShouldAllBe(node => node.Done > 0 && node.InHand == 0 && !node.IsThere && node.Refused == null);
        nodes.Sum(node => node.Done).ShouldBe(15);
    }

    [Fact]
    public async Task SuspectsAreDoneAloneByWhoHasTheirShardAndTheRunWaitsForThem()
    {
        string[] suspected = ["d000", "d001", "d030", "d055", "d059"];
        var fallen = Some.Run(400);
        await first.BeginAsync(fallen, default);
        await first.EndAsync(fallen.Run, new RunEnding(Some.Evening, RunEnd.Stopped, null, new RunCounts(), null, false), default);
        await first.SuspectAsync(new Fall(fallen.Run, Some.Scope, [.. suspected.Select(path => new FallenDocument(path, archive.Documents[path].Version))], IsAlone: false), default);
        using var helped = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => helped.Wait() });
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => helped.Set() }, shares: true);
        var (leader, other) = (await leading, await sharing);
        (leader.End, other.End).ShouldBe((RunEnd.Complete, RunEnd.Complete), $"{leader.Reason} {other.Reason}");
        (leader.Counts.Completed, leader.Counts.Temporary, leader.Remaining).ShouldBe((60, 0, 0));
        archive.Sink.Names.Where(name => name.StartsWith("jsonl/", StringComparison.Ordinal)).Select(archive.RowsOf).Where(rows => rows.Count == 1).Select(rows => rows[0].Document).Order(StringComparer.Ordinal).ShouldBe(suspected);
        (await first.SuspectsAsync(Some.Scope, default)).ShouldBeEmpty();
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
    }

    [Fact]
    public async Task WhatADeadNodeHadInHandIsDoneByTheOthers()
    {
        using var dying = new CancellationTokenSource();
        using var took = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => took.Wait() });
        await Should.ThrowAsync<OperationCanceledException>(() => RunAsync(second, new ScriptedPass { Before = _ => dying.Cancel() }, shares: true, hardStop: dying.Token));
        (await ExecuteAsync("UPDATE batch_inference.shard SET until = '-infinity' WHERE NOT done")).ShouldBeGreaterThan(0);
        took.Set();
        (await leading).End.ShouldBe(RunEnd.Complete);
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
    }

    [Fact]
    public async Task WhenTheNodeThatLeadsDiesAnotherPutsItsRunInOrderAndDoesTheRest()
    {
        // More than is cut ahead, so that the node that dies has not listed all of it.
        Put(60, 200);
        using var dying = new CancellationTokenSource();
        var parts = 0;
        archive.Sink.Before = name =>
        {
            if (name.StartsWith("jsonl/", StringComparison.Ordinal) && ++parts == 4)
                dying.Cancel();
        };
        using var shared = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => shared.Wait() }, hardStop: dying.Token);
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => shared.Set() }, shares: true);
        await Should.ThrowAsync<OperationCanceledException>(() => leading);
        // Its process would hold the job until its lease is over; here it gave it back.
        var other = await sharing;
        (other.End, other.Reason).ShouldBe((RunEnd.Stopped, "The node that led the run is gone."));

        var rest = await RunAsync(second, new ScriptedPass(), night: 1, shares: true);
        (rest.End, rest.IsShared).ShouldBe((RunEnd.Complete, false));
        await ShouldHaveEachDocumentOnceAsync(runs: 2);
    }

    [Fact]
    public async Task AStopOfTheNodeThatLeadsCallsTheOthersIn()
    {
        using var stop = new CancellationTokenSource();
        using ManualResetEventSlim shared = new(), calledIn = new();
        var progress = new RunProgress(TimeProvider.System);
        var leading = RunAsync(first, new ScriptedPass { Before = _ => shared.Wait() }, softStop: stop.Token, progress: progress);
        // Else it might do all that is left before it is called in.
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => { shared.Set(); stop.Cancel(); calledIn.Wait(); } }, shares: true);
        while (await ExecuteAsync("UPDATE batch_inference.run SET called_in = true WHERE called_in") == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        // The one that leads waits for the other, and says that it lives.
        var (waits, began) = (progress.Waits, TimeProvider.System.GetTimestamp());
        while (progress.Waits < waits + 2 && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        calledIn.Set();
        progress.Waits.ShouldBeGreaterThanOrEqualTo(waits + 2);
        var (leader, other) = (await leading, await sharing);
        (leader.End, other.End).ShouldBe((RunEnd.Stopped, RunEnd.Stopped));
        leader.Counts.Completed.ShouldBe(archive.Rows.Count);
        leader.Remaining.ShouldBe(60 - archive.Rows.Count);
        (await RunAsync(second, new ScriptedPass(), night: 1)).End.ShouldBe(RunEnd.Complete);
        await ShouldHaveEachDocumentOnceAsync(runs: 2);
    }

    [Fact]
    public async Task ANodeMayLeaveAndAnotherTakesWhatItGaveBack()
    {
        using var stop = new CancellationTokenSource();
        using var shared = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => shared.Wait() });
        var other = await RunAsync(second, new ScriptedPass { Before = _ => stop.Cancel() }, shares: true, softStop: stop.Token);
        other.End.ShouldBe(RunEnd.Stopped);
        shared.Set();
        (await leading).End.ShouldBe(RunEnd.Complete);
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
    }

    // Its database has given the shard, its stop keeps it from hearing so.
    [Fact]
    public async Task AShardHandedOutInTheMomentOfAStopIsGivenBackByTheNodeThatLeaves()
    {
        var run = Some.Run();
        await first.BeginAsync(run, default);
        ShardBoard Board(PostgresLedger ledger, bool leads) => ledger.BoardOf(run.Run, leads, new ShardDocuments(run.Run, archive.Source, Find, Find), TimeProvider.System);
        Task<IReadOnlyDictionary<string, SettledDocument>> Find(IReadOnlyList<string> paths, CancellationToken token) => first.FindAsync(Some.Scope, paths, token);
        await using var leads = Board(first, leads: true);
        await leads.EnterAsync("0.0.0-test", refused: null, default);
        await leads.OfferAsync([.. (await archive.Source.ListAsync(default).Take(2).ToListAsync()).Select(document => new Pending(document, null, null))], default);
        await using (var leaves = Board(second, leads: false))
        {
            await leaves.EnterAsync("0.0.0-test", refused: null, default);
            (await leaves.TryTakeAsync(default)).ShouldNotBeNull();
            (await leads.TryTakeAsync(default)).ShouldBeNull();
        }

        (await leads.TryTakeAsync(default)).ShouldNotBeNull().Documents.Count.ShouldBe(2);
    }

    // Paused before any of its files, taken by the other, come back: while the run is open or when it is closed.
    [Fact]
    public async Task ANodeThatWasAwayWhileItsShardsWereTakenDoublesNothing() => await Gen.Select(Gen.Int[0, 20], Gen.Bool).SampleAsync(
        async (pausedAt, comesBackEarly) =>
        {
            await using var run = new SharingTests(server);
            await run.InitializeAsync();
            await run.WithPauseAsync(pausedAt, comesBackEarly);
        },
        iter: Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 100 : 5, threads: 1);

    [Fact]
    public async Task ANodeThatDiffersTakesNoShardAndIsToldWhy()
    {
        using var told = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => told.Wait() });
        var other = await RunAsync(second, new ScriptedPass("scripted-2"), shares: true, fingerprint: "scripted-2", change: plan => plan with { ProgramVersion = "9.9" });
        told.Set();
        var leader = await leading;
        (other.End, other.Counts.Done).ShouldBe((RunEnd.Failed, 0));
        other.Reason.ShouldBe(
            $"This node takes no shard of run {leader.Run}, since it differs from the node that leads it in the program (here 9.9, there 0.0.0-test), the model scripted/test or its variant. Make the nodes alike.");
        (await first.NodesAsync(leader.Run, default)).Select(node => node.Refused).ShouldBe([null, other.Reason]);
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
    }

    [Fact]
    public async Task WithoutAskingToShareANodeIsRefused()
    {
        using var told = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => told.Wait() });
        while (await first.HolderAsync("letters", default) is null)
            await Task.Yield();
        await Should.ThrowAsync<JobIsRunningException>(() => RunAsync(second, new ScriptedPass(), night: 1));
        told.Set();
        (await leading).End.ShouldBe(RunEnd.Complete);
    }

    // The file of one machine is no place to share a run: a service beside a run in the foreground is told so.
    [Fact]
    public async Task OverTheLedgerOfOneMachineNothingIsShared()
    {
        using var told = new ManualResetEventSlim();
        var leading = RunAsync(archive.Ledger, new ScriptedPass { Before = _ => told.Wait() });
        await Should.ThrowAsync<JobIsRunningException>(() => RunAsync(archive.Ledger, new ScriptedPass(), shares: true));
        told.Set();
        (await leading).End.ShouldBe(RunEnd.Complete);
    }

    [Fact]
    public async Task ANodeThatCannotGoOnSharingSaysSo()
    {
        using var told = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => told.Wait() });
        var other = await RunAsync(new FailingLedger(second) { Finds = false }, new ScriptedPass(), shares: true);
        told.Set();
        (other.End, other.IsShared, other.Reason).ShouldBe((RunEnd.Failed, true, "The ledger does not answer."));
        (await leading).End.ShouldBe(RunEnd.Complete);
    }

    // Hexadecimal digits of hashes: PostgreSQL could shorten what repeats itself.
    [Fact]
    public async Task ADocumentWhoseNameIsTooLongForTheLedgerFailsAloneWithItsReason()
    {
        var digits = string.Concat(Enumerable.Range(0, 50).Select(number => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([(byte)number]))));
        archive[$"e/{digits[..2800]}.txt"] = "A text of some words.";
        archive[$"e/{digits[..2390]}.zip"] = ArchiveBox.Of(($"{digits[..900]}.txt", "A letter. Of some words."));
        var box = archive.Documents.Keys.Single(path => path.EndsWith(".zip", StringComparison.Ordinal));
        // One node after the other, so that the other one, too, is handed names that it did not list.
        using var helped = new ManualResetEventSlim();
        var leading = RunAsync(first, new ScriptedPass { Before = _ => helped.Wait() });
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => helped.Set() }, shares: true);
        var (leader, _) = (await leading, await sharing);

        (leader.End, leader.Counts.Completed, leader.Counts.Failed, leader.Remaining).ShouldBe((RunEnd.Complete, 61, 1, 0), leader.Reason);
        var failed = archive.Rows.Single(row => row.Error is not null);
        failed.Document.ShouldMatch($"^e/{digits[..2377]}~[0-9a-f]{{16}}[.]txt$");
        failed.Error.ShouldBe(new BatchInference.Documents.Extraction.DocumentFailure(
            "open", "The name of the document is longer than 2400 bytes, the most that the ledger keeps; it is told here by its beginning, a hash and its ending. Give the document, or the folders that it is in, a shorter name.", Permanent: true));
        archive.Rows.Count(row => row.Document.StartsWith(box + "!/", StringComparison.Ordinal)).ShouldBe(1);
        (await RunAsync(first, new ScriptedPass(), night: 1)).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AfterItsRunWasTakenOverANodeFindsNothingLeft()
    {
        var run = Some.Run();
        await first.BeginAsync(run, default);
        Task<IReadOnlyDictionary<string, SettledDocument>> Find(IReadOnlyList<string> paths, CancellationToken token) => first.FindAsync(Some.Scope, paths, token);
        await using var board = first.BoardOf(run.Run, leads: true, new ShardDocuments(run.Run, archive.Source, Find, Find), TimeProvider.System);
        await board.OfferAsync([.. (await archive.Source.ListAsync(default).Take(2).ToListAsync()).Select(document => new Pending(document, null, null))], default);
        (await board.FirstLeftAsync(default)).ShouldBe("d000");
        await first.RevokeAsync(run.Run, default);
        (await board.FirstLeftAsync(default)).ShouldBeNull();
    }

    private void Put(int from, int to)
    {
        for (var document = from; document < to; document++)
            archive[$"d{document:000}"] = $"Document {document} of some words. And a second sentence.";
    }

    private async Task WithPauseAsync(int pausedAt, bool comesBackEarly)
    {
        using ManualResetEventSlim goOn = new(), shared = new();
        var paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var files = 0;
        // Its files are told from those of the other by who writes them.
        var sharing = RunAsync(second, new ScriptedPass { Before = _ => shared.Set() }, shares: true, sink: new PausingSink(archive.Sink, () =>
        {
            if (Interlocked.Increment(ref files) - 1 != pausedAt)
                return;
            paused.TrySetResult();
            goOn.Wait();
        }));
        var leading = RunAsync(first, new ScriptedPass { Before = _ => shared.Wait() });
        await Task.WhenAny(paused.Task, sharing);
        // As of a process that gives no sign of life: what it has is never prolonged.
        var expiring = ExpireAsync(leading, "UPDATE batch_inference.shard SET until = '-infinity' WHERE NOT done AND node = (SELECT name FROM batch_inference.node ORDER BY since DESC, name LIMIT 1)");
        if (comesBackEarly)
            goOn.Set();
        await expiring;
        var leader = await leading;
        goOn.Set();
        var other = await sharing;
        leader.End.ShouldBe(RunEnd.Complete, leader.Reason);
        other.End.ShouldBeOneOf(RunEnd.Complete, RunEnd.Stopped);
        // What came late to a closed run is removed by its maker, or by the next start.
        (await RunAsync(first, new ScriptedPass(), night: 1)).NothingToDo.ShouldBeTrue();
        await ShouldHaveEachDocumentOnceAsync(runs: 1);
    }

    private async Task ShouldHaveEachDocumentOnceAsync(int runs)
    {
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        archive.Runs().Count.ShouldBe(runs);
        archive.Runs().ShouldAllBe(run => archive.Sink.Names.Contains($"_runs/{run}/_SUCCESS"));
        (await new OutputCheck(archive.Sink, first).RunAsync("letters", default).ToListAsync()).ShouldBeEmpty();
    }

    private Task<RunReport> RunAsync(
        Ledger ledger, ScriptedPass pass, int night = 0, bool shares = false, string fingerprint = "scripted-1", ResultSink? sink = null, Func<RunPlan, RunPlan>? change = null, RunProgress? progress = null,
        CancellationToken softStop = default, CancellationToken hardStop = default) => Task.Run(async () =>
    {
        // The one that leads is the one that comes first.
        while (shares && night == 0 && !await IsLedAsync(ledger))
            await Task.Yield();
        var plan = Some.Plan(night, fingerprint) with { Run = RunId.New(Some.Evening.AddDays(night), (ushort)(shares ? 2 : 1)), Formats = new OutputFormats { Parquet = true, Csv = new CsvFormat() } };
        IReadOnlyList<ModelPass> passes = [pass];
        return await new BatchRun(change?.Invoke(plan) ?? plan, archive.Source, archive.Reader, () => passes, sink ?? archive.Sink, ledger) { Shares = shares, Progress = progress ?? new(TimeProvider.System) }.RunAsync(softStop, hardStop);
    });

    private static async Task<bool> IsLedAsync(Ledger ledger) =>
        await ledger.HolderAsync("letters", default) is { } holder && (!ledger.IsShared || (await ledger.NodesAsync(holder.Run, default)).Count > 0);

    private async Task ExpireAsync(Task until, string sql)
    {
        do
            await ExecuteAsync(sql);
        while (await Task.WhenAny(until, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System)) != until);
    }

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = NpgsqlDataSource.Create(database);
        await using var command = connection.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    private Task<PostgresLedger> OpenAsync() => PostgresLedger.OpenAsync(database, TimeSpan.FromHours(1), ResiliencePipeline.Empty, TimeProvider.System, default);

    /// <summary>The way of one node to the results.</summary>
    private sealed class PausingSink(MemorySink sink, Action before) : ResultSink
    {
        public override string Identity => sink.Identity;

        public override Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
        {
            before();
            return sink.CreateAsync(name, write, cancellationToken);
        }

        public override Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken) => sink.OpenAsync(name, cancellationToken);

        public override IAsyncEnumerable<string> ListAsync(string folder, CancellationToken cancellationToken) => sink.ListAsync(folder, cancellationToken);

        public override Task DeleteAsync(string name, CancellationToken cancellationToken) => sink.DeleteAsync(name, cancellationToken);

        public override Task RemoveLeftoversAsync(CancellationToken cancellationToken) => sink.RemoveLeftoversAsync(cancellationToken);
    }
}
