using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using Npgsql;
using Polly;

[assembly: AssemblyFixture(typeof(BatchInference.Pipeline.Tests.SharedPostgres))]

namespace BatchInference.Pipeline.Tests;

/// <summary>One server for all tests that need no server of their own, started by the first of them.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> server = new(PostgresServer.StartAsync);

    public async Task<string> CreateDatabaseAsync() => await (await server.Value).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated)
            await (await server.Value).DisposeAsync();
    }
}

public sealed class PostgresLedgerTests(SharedPostgres server) : LedgerContract, IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private string connection = "";
    private PostgresLedger ledger = null!;

    protected override Ledger Ledger => ledger;

    public async ValueTask InitializeAsync()
    {
        connection = await server.CreateDatabaseAsync();
        ledger = await OpenAsync();
    }

    public ValueTask DisposeAsync() => ledger.DisposeAsync();

    [Fact]
    public async Task TwoNodesThatStartTogetherMakeTheTablesOnce()
    {
        var empty = await server.CreateDatabaseAsync();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresLedger.OpenAsync(empty, Lease, ResiliencePipeline.Empty, TimeProvider.System, default)));
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task ALedgerOfANewerProgramIsRefused()
    {
        await ExecuteAsync("UPDATE batch_inference.version SET number = 99");
        (await Should.ThrowAsync<InvalidDataException>(OpenAsync)).Message.ShouldEndWith($"the ledger has version 99, this program knows versions up to {PostgresSchema.Newest}. Use the program that made it, or a newer one.");
    }

    [Fact]
    public async Task AHolderThatGivesNoSignOfLifeLosesTheJobAndRecordsNothingMore()
    {
        var run = await BeginAsync(1);
        var holder = new JobHolder(run.Run, "here", 1, Some.Evening);
        await using var held = await ledger.HoldAsync("letters", holder, default);
        await SettleAsync(run, 0, "a", held.Token);

        // As if it had been stopped for longer than its lease.
        await ExecuteAsync("UPDATE batch_inference.hold SET until = clock_timestamp() - interval '1 second'");
        (await ledger.HolderAsync("letters", default)).ShouldBeNull();
        await using var other = await OpenAsync();
        await using var taken = await other.HoldAsync("letters", holder with { Host = "there" }, default);
        taken.Token.ShouldBeGreaterThan(held.Token);

        (await Should.ThrowAsync<LateWriterException>(() => SettleAsync(run, 1, "b", held.Token))).Message.ShouldBe(
            "Another process took over job 'letters' while this one was away for longer than its lease. What this one had in hand is discarded; the other does it.");
        (await ledger.FindAsync(Some.Scope, ["a", "b"], default)).Keys.ShouldBe(["a"]);
        await SettleAsync(run, 1, "b", taken.Token);
        (await ledger.FindAsync(Some.Scope, ["a", "b"], default)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task AHolderHearsThatItLostTheJob()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var node = await PostgresLedger.OpenAsync(connection, Lease, ResiliencePipeline.Empty, time, default);
        await using var held = await node.HoldAsync("letters", new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening), default);
        var lost = new TaskCompletionSource();
        held.Lost.Register(lost.SetResult);
        await ExecuteAsync("UPDATE batch_inference.hold SET token = token + 1");
        time.Advance(Lease / 3);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task ALeaseThatRanOutWhileNobodyAskedIsProlonged()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var node = await PostgresLedger.OpenAsync(connection, Lease, ResiliencePipeline.Empty, time, default);
        var holder = new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening);
        await using var held = await node.HoldAsync("letters", holder, default);
        await ExecuteAsync("UPDATE batch_inference.hold SET until = clock_timestamp() - interval '1 second'");
        time.Advance(Lease / 3);
        while (await node.HolderAsync("letters", default) != holder)
            await Task.Yield();
        held.Lost.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task AReasonMayHoldAnyCharacter()
    {
        var run = await BeginAsync(1);
        var failure = new FailureRecord("é 𝄞", "v1", new DocumentFailure("extract", "A NUL \0, a backslash \\u0000, a quote ' and \" and {}.", false), run.Run, Some.Evening);
        await ledger.SettleAsync(new Settlement(run.Run, null, [], [], [failure]), default);
        (await ledger.FailuresAsync(Some.Scope, default).SingleAsync()).Failure.Reason.ShouldBe("A NUL \ufffd, a backslash \\u0000, a quote ' and \" and {}.");
    }

    // The connection breaks in the moment in which a transaction commits: it is repeated, though it went through.
    [Fact]
    public async Task WhatIsDoneTwiceSaysTheSame()
    {
        var again = new ResiliencePipelineBuilder().AddStrategy(_ => new Again(), new NoOptions()).Build();
        await using var node = await PostgresLedger.OpenAsync(connection, Lease, again, TimeProvider.System, default);
        var holder = new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening);
        await using var held = await node.HoldAsync("letters", holder, default);
        foreach (var other in new[] { holder with { ProcessId = 2 }, holder with { Host = "there" }, holder with { Run = Some.Run(2).Run } })
            await Should.ThrowAsync<JobIsRunningException>(() => node.HoldAsync("letters", other, default));
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, "a", held.Token);

        var source = new MemorySource();
        source.Put("x", "One.");
        source.Put("y", "Two.");
        Task<IReadOnlyDictionary<string, SettledDocument>> Find(IReadOnlyList<string> paths, CancellationToken token) => node.FindAsync(Some.Scope, paths, token);
        ShardBoard Board(PostgresLedger one, bool leads) => one.BoardOf(run.Run, leads, new ShardDocuments(run.Run, source, Find, Find), TimeProvider.System);
        await using var board = Board(node, leads: true);
        await using var reader = Board(ledger, leads: false);
        Pending[] documents = [.. (await source.ListAsync(default).ToListAsync()).Select(document => new Pending(document, null, null))];
        await board.OfferAsync(documents[..1], default);
        (await board.OwnAsync(documents[1..], default)).Number.ShouldBe(1);
        await board.OfferAsync(documents[..1], default);
        (await CountAsync("SELECT count(*) FROM batch_inference.shard")).ShouldBe(3);
        (await reader.TryTakeAsync(default))!.Number.ShouldBe(0);
        (await reader.TryTakeAsync(default))!.Number.ShouldBe(2);
        (await reader.TryTakeAsync(default)).ShouldBeNull();
    }

    [Fact]
    public async Task TablesOfTheVersionBeforeAreBroughtFurther()
    {
        await ExecuteAsync($"ALTER TABLE batch_inference.shard DROP COLUMN offer; UPDATE batch_inference.version SET number = {PostgresSchema.Newest - 1}");
        await using var opened = await OpenAsync();
        (await CountAsync("SELECT number FROM batch_inference.version")).ShouldBe(PostgresSchema.Newest);
        (await CountAsync("SELECT count(*) FROM information_schema.columns WHERE table_name = 'shard' AND column_name = 'offer'")).ShouldBe(1);
    }

    // An administrator may take the right to make a schema away when the tables are there, or make them by another role.
    [Fact]
    public async Task ARoleThatMayOnlyUseTheTablesIsEnough()
    {
        var name = $"user_{Guid.NewGuid():N}";
        await ExecuteAsync(
            $"""
            CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA batch_inference TO {name}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA batch_inference TO {name};
            """);
        await using var node = await PostgresLedger.OpenAsync(connection.Replace("Username=postgres", $"Username={name}", StringComparison.Ordinal), Lease, ResiliencePipeline.Empty, TimeProvider.System, default);
        var run = Some.Run(1);
        await using var held = await node.HoldAsync("letters", new JobHolder(run.Run, "here", 1, Some.Evening), default);
        await node.BeginAsync(run, default);
        await node.SettleAsync(
            new Settlement(run.Run, Some.Part(run, 0, 1), [new SettledRow("a", "v1", Some.Sha256(1), RowStatus.Completed)], [], [new FailureRecord("b", "v1", new DocumentFailure("open", "Away.", false), run.Run, Some.Evening)]) { Token = held.Token }, default);
        await node.EndAsync(run.Run, new RunEnding(Some.Evening, RunEnd.Complete, null, new RunCounts(), null, false), default);
        (await node.FindAsync(Some.Scope, ["a"], default)).Count.ShouldBe(1);
    }

    // Whatever it is that befalls a sign of life: how a run ended must not be forgotten for it.
    [Fact]
    public async Task AHoldWhoseDatabaseIsGoneIsGivenBackWithoutAnError()
    {
        var (time, logger) = (new Microsoft.Extensions.Time.Testing.FakeTimeProvider(), new ListLogger());
        var node = await PostgresLedger.OpenAsync(connection, Lease, ResiliencePipeline.Empty, time, default);
        node.Logger = logger;
        var held = await node.HoldAsync("letters", new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening), default);
        var run = await BeginAsync(1);
        var board = node.BoardOf(run.Run, leads: true, null!, time);
        await board.EnterAsync("0.0.0-test", refused: null, default);
        await node.DisposeAsync();
        for (var tick = 0; tick < 20 && logger.Messages.Count < 2; tick++)
        {
            time.Advance(Lease / 3);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        await board.DisposeAsync();
        await held.DisposeAsync();
        logger.Messages.Distinct().ShouldBe(["A sign of life did not reach the database of the ledger; it is given again"]);
    }

    private sealed class Again : ResilienceStrategy
    {
        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            await callback(context, state);
            return await callback(context, state);
        }
    }

    private sealed class NoOptions : ResilienceStrategyOptions;

    private async Task<long> CountAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private Task SettleAsync(RunRecord run, int shard, string path, long token) => ledger.SettleAsync(
        new Settlement(run.Run, Some.Part(run, shard, 1), [new SettledRow(path, "v1", Some.Sha256(1), RowStatus.Completed)], [], []) { Token = token }, default);

    private Task<PostgresLedger> OpenAsync() => PostgresLedger.OpenAsync(connection, Lease, ResiliencePipeline.Empty, TimeProvider.System, default);

    private async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
