using BatchInference.Testing;
using Npgsql;
using Polly;
using Polly.Retry;

namespace BatchInference.Pipeline.Tests;

/// <summary>The database goes away in the middle of a run, as in a power cut, and comes back.</summary>
public sealed class PostgresOutageTests : IAsyncLifetime
{
    private readonly Archive archive = new();
    private PostgresServer server = null!;

    public async ValueTask InitializeAsync() => server = await PostgresServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        archive.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task ARunOutlivesADatabaseThatIsAway()
    {
        for (var number = 0; number < 40; number++)
            archive[$"letter-{number:00}"] = $"Letter number {number} to the mayor. It asks for a bench in the park.";
        // Long: a minute of tries at intervals of a second; else five quick ones.
        var isLong = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1";
        var refused = 0;
        Task? backAgain = null;
        var patience = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = isLong ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(20),
            ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(error => error.IsTransient),
            OnRetry = _ =>
            {
                if (Interlocked.Increment(ref refused) == (isLong ? 60 : 5))
                    backAgain = server.StartAgainAsync();
                return ValueTask.CompletedTask;
            },
        }).Build();
        await using var ledger = await PostgresLedger.OpenAsync(server.Connection, TimeSpan.FromSeconds(10), patience, TimeProvider.System, default);
        var stopped = false;
        archive.Pass.Before = _ =>
        {
            if (archive.Sink.Names.Count < 3 || stopped)
                return;
            stopped = true;
            server.StopAsync().GetAwaiter().GetResult();
        };

        var run = new BatchRun(Some.Plan(), archive.Source, archive.Reader, () => [archive.Pass], archive.Sink, ledger);
        var report = await run.RunAsync(default, default);

        stopped.ShouldBeTrue();
        await (backAgain ?? throw new InvalidOperationException("The run never met the database while it was away."));
        report.End.ShouldBe(RunEnd.Complete, report.Reason);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        (await ledger.FindAsync(Some.Scope, [.. archive.Documents.Keys], default)).Count.ShouldBe(40);
    }
}
