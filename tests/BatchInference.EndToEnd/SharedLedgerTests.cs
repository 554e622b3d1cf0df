using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Two nodes, each with its own state folder, one PostgreSQL ledger between them.</summary>
public sealed class SharedLedgerTests : IAsyncLifetime
{
    private readonly TinyArchive archive = new(3000);
    private PostgresServer server = null!;

    public async ValueTask InitializeAsync() => server = await PostgresServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        archive.Dispose();
    }

    [Fact]
    public async Task WhatOneNodeSettledTheOtherDoesNotDoAgain()
    {
        (await archive.RunAsync("one", Shared)).ShouldExit(0);
        (await archive.RunAsync("two", Shared)).ShouldExit(0).Output.ShouldContain("othing to do");
        archive.Results.ShouldBeInOrder(archive.Documents);
        (await RunAsync("two", "status", "letters")).ShouldExit(0).Output.ShouldContain("complete");
        (await RunAsync("one", "ledger", "check")).ShouldExit(0);
        (await RunAsync("one", "ledger", "backup", "--to", archive.Folder["backup.db"])).ShouldExit(2).Errors.ShouldContain("pg_dump");
        File.Exists(archive.Folder["one/ledger.db"]).ShouldBeFalse();
    }

    [Fact]
    public async Task ANodeThatIsPausedLosesTheJobAndDoublesNothingWhenItComesBack()
    {
        using var paused = archive.Start("one", Shared);
        await paused.UntilAsync(() => archive.Results.Parts("jsonl").Count > 0);
        paused.Pause();
        (await archive.RunAsync("two", Shared)).ShouldExit(2).Errors.ShouldContain($"is being run by process {paused.Id}");
        Ended second;
        do
            second = await archive.RunAsync("two", Shared);
        while (second.ExitCode == 2 && second.Errors.Contains($"is being run by process {paused.Id}", StringComparison.Ordinal));
        second.ShouldExit(0);
        paused.GoOn();
        (await paused.EndAsync()).ShouldExit(1).Output.ShouldContain("Another process took over job 'letters'");
        archive.Results.ShouldBeInOrder(archive.Documents);
        archive.Results.ShouldHoldNoTemporaryFile();
    }

    [Fact]
    public async Task ADatabaseThatCannotBeReachedIsToldAtTheDoor()
    {
        await server.StopAsync();
        (await archive.RunAsync("one", Shared)).ShouldExit(2).Errors.ShouldContain("Ledger.PostgreSql: the database of the ledger cannot be used");
        Directory.Exists(archive.Folder["results"]).ShouldBeFalse();
    }

    // A lease that a node on this crowded machine cannot lose by being slow, but by being paused.
    private Dictionary<string, string> Shared => new() { ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection, ["BATCHINFERENCE__Ledger__LeaseSeconds"] = "10" };

    private async Task<Ended> RunAsync(string node, params string[] arguments)
    {
        using var worker = WorkerProcess.Start(archive.Folder[node], Shared, [.. arguments, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }
}
