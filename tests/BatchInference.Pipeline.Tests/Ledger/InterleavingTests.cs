using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using CsCheck;
using Npgsql;
using Polly;

namespace BatchInference.Pipeline.Tests;

/// <summary>
/// The five laws under any interleaving of what two nodes do to books and output: start, take a shard, compute (into the journal), publish, settle, die, be away for longer than any lease,
/// take over, publish and settle late, while documents change. A node's steps are those of the loops, one at a time; see <see cref="ModelNode"/>.
/// </summary>
public sealed class InterleavingTests(SharedPostgres server)
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1";

    private static readonly Gen<(int Node, NodeStep Step, int Document)[]> Steps = Gen.Select(
        Gen.Int[0, 1],
        Gen.Frequency(
            (3, Gen.Const(NodeStep.Start)), (5, Gen.Const(NodeStep.Take)), (5, Gen.Const(NodeStep.Compute)), (5, Gen.Const(NodeStep.Publish)), (5, Gen.Const(NodeStep.Settle)),
            (1, Gen.Const(NodeStep.End)), (2, Gen.Const(NodeStep.Die)), (2, Gen.Const(NodeStep.Expire)), (1, Gen.Const(NodeStep.Change))),
        Gen.Int[0, ModelArchive.Documents - 1]).Array[4, 60];

    [Fact]
    public async Task TheLawsHoldOnOneMachine() => await Steps.SampleAsync(
        async steps =>
        {
            using var state = new TempFolder();
            await using var ledger = SqliteLedger.Open(state);
            var sink = new MemorySink();
            await new ModelArchive(sink, [ledger, ledger], [state, state], expire: () => Task.CompletedTask).WalkAsync(steps);
        },
        iter: IsLong ? 600 : 60, threads: 1);

    [Fact]
    public async Task TheLawsHoldInAFolder() => await Steps.SampleAsync(
        async steps =>
        {
            using var state = new TempFolder();
            await using var ledger = SqliteLedger.Open(state);
            await new ModelArchive(new FolderSink(state["results/letters"]), [ledger, ledger], [state, state], expire: () => Task.CompletedTask).WalkAsync(steps);
        },
        iter: IsLong ? 200 : 20, threads: 1);

    [Fact]
    public async Task TheLawsHoldOnTwoNodes()
    {
        var database = await server.CreateDatabaseAsync();
        await using var connection = NpgsqlDataSource.Create(database);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Some.Evening);
        await using var first = await PostgresLedger.OpenAsync(database, TimeSpan.FromHours(1), ResiliencePipeline.Empty, time, default);
        await using var second = await PostgresLedger.OpenAsync(database, TimeSpan.FromHours(1), ResiliencePipeline.Empty, time, default);
        var number = 0;
        await Steps.SampleAsync(
            async steps =>
            {
                using var folder = new TempFolder();
                var job = $"letters-{++number}";
                await new ModelArchive(new MemorySink($"memory:/results/{job}"), [first, second], [folder["one"], folder["two"]], ExpireAsync, job, number).WalkAsync(steps);
            },
            iter: IsLong ? 400 : 40, threads: 1);

        // As if every node had given no sign of life for longer than any lease.
        async Task ExpireAsync()
        {
            await using var command = connection.CreateCommand(
                """
                UPDATE batch_inference.hold SET until = '-infinity';
                UPDATE batch_inference.shard SET until = '-infinity' WHERE NOT done;
                UPDATE batch_inference.node SET until = '-infinity';
                """);
            await command.ExecuteNonQueryAsync();
        }
    }
}
