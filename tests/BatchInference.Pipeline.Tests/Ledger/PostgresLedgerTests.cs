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
