using BatchInference.Testing;
using CsCheck;
using Polly;

namespace BatchInference.Pipeline.Tests;

/// <summary>Law 5: a node that was paused at any file, and comes back when another one has done its work, leaves nothing behind.</summary>
public sealed class LateWriterTests(SharedPostgres server)
{
    private static readonly OutputFormats AllFormats = new() { Parquet = true, Csv = new CsvFormat() };

    [Fact]
    public async Task LateWritersLoseWhereverTheyWerePaused()
    {
        var database = await server.CreateDatabaseAsync();
        await using var first = await OpenAsync(database);
        await using var second = await OpenAsync(database);
        var number = 0;
        await Gen.Select(Gen.Int[1, 24], Gen.Int[0, 24]).SampleAsync(
            (documents, pausedAt) => WalkAsync(first, second, database, ++number, documents, pausedAt),
            iter: Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 400 : 40, threads: 1);
    }

    // The one whose part was whole and not recorded: it is adopted, and its maker hears that it came late.
    [Fact]
    public async Task APartThatAPausedNodeLeftWholeIsAdoptedInPlaceOfTheWorkOfTheOther()
    {
        var database = await server.CreateDatabaseAsync();
        await using var first = await OpenAsync(database);
        await using var second = await OpenAsync(database);
        // The first file is the JSON lines of the first part, the second one derives from it.
        var (late, other) = await WalkAsync(first, second, database, number: 0, documents: 12, pausedAt: 1);
        late.End.ShouldBe(RunEnd.Failed);
        late.Reason!.ShouldStartWith("Another process took over job 'letters-0'");
        other.Warnings.ShouldContain(warning => warning.Contains("1 of its parts that had no record were taken over"));
        other.Counts.Completed.ShouldBeLessThan(12);
    }

    private static async Task<(RunReport Late, RunReport Other)> WalkAsync(PostgresLedger first, PostgresLedger second, string database, int number, int documents, int pausedAt)
    {
        var job = $"letters-{number}";
        using var archive = new Archive();
        for (var document = 0; document < documents; document++)
            archive[$"d{document:00}"] = $"Document {document} of some words. And a second sentence.";
        var sink = archive.Sink = new MemorySink($"memory:/results/{job}");
        var paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var files = 0;
        sink.Before = _ =>
        {
            if (files++ != pausedAt)
                return;
            paused.SetResult();
            goOn.Wait();
        };

        var running = Task.Run(() => RunAsync(archive, first, number, night: 0));
        // Where it has fewer files than that it is never paused, and the other finds nothing to do.
        await Task.WhenAny(paused.Task, running);
        await ExpireAsync(database, job);
        var other = await RunAsync(archive, second, number, night: 1);
        goOn.Set();
        var late = await running;

        other.End.ShouldBe(RunEnd.Complete, other.Reason);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        archive.Runs().ShouldAllBe(run => sink.Names.Contains($"_runs/{run}/_SUCCESS"));
        (await new OutputCheck(sink, second).RunAsync(job, default).ToListAsync()).ShouldBeEmpty();
        (await RunAsync(archive, second, number, night: 2)).NothingToDo.ShouldBeTrue();
        return (late, other);
    }

    private static Task<RunReport> RunAsync(Archive archive, Ledger ledger, int number, int night)
    {
        var plan = Some.Plan(night) with { Job = $"letters-{number}", Run = RunId.New(Some.Evening.AddDays(night), (ushort)number), Formats = AllFormats };
        return new BatchRun(plan, archive.Source, archive.Reader, () => [new ScriptedPass()], archive.Sink, ledger).RunAsync(default, default);
    }

    // As if the node had given no sign of life for longer than its lease.
    private static async Task ExpireAsync(string database, string job)
    {
        await using var connection = Npgsql.NpgsqlDataSource.Create(database);
        await using var command = connection.CreateCommand("UPDATE batch_inference.hold SET until = '-infinity' WHERE job = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = job });
        await command.ExecuteNonQueryAsync();
    }

    private static Task<PostgresLedger> OpenAsync(string database) => PostgresLedger.OpenAsync(database, TimeSpan.FromHours(1), ResiliencePipeline.Empty, TimeProvider.System, default);
}
