using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Two nodes, each with its own state folder, one PostgreSQL ledger between them.</summary>
public sealed class SharedLedgerTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private PostgresServer server = null!;

    public async ValueTask InitializeAsync() => server = await PostgresServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task WhatOneNodeSettledTheOtherDoesNotDoAgain()
    {
        string[] arguments = ["run", "demo", "--output", folder["results"], "--limit", "10"];
        (await RunAsync("one", arguments)).ShouldExit(0);
        (await RunAsync("two", ["run", "demo", "--output", folder["results"]])).ShouldExit(0);
        new ResultFolder(folder["results"], "demo").ShouldBeInOrder(DemoRun.Documents);
        (await RunAsync("two", "status", "demo")).ShouldExit(0).Output.ShouldContain("complete");
        (await RunAsync("one", "ledger", "check", "demo", "--output", folder["results"])).ShouldExit(0);
        (await RunAsync("one", "ledger", "backup", "--to", folder["backup.db"])).ShouldExit(2).Errors.ShouldContain("pg_dump");
        File.Exists(folder["one/ledger.db"]).ShouldBeFalse();
    }

    [Fact]
    public async Task ANodeThatIsPausedLosesTheJobAndDoublesNothingWhenItComesBack()
    {
        string[] arguments = ["run", "demo", "--output", folder["results"]];
        var results = new ResultFolder(folder["results"], "demo");
        using var paused = WorkerProcess.Start(folder["one"], Environment, arguments);
        await paused.UntilAsync(() => results.Parts("jsonl").Count > 0);
        paused.Pause();
        (await RunAsync("two", arguments)).ShouldExit(2).Errors.ShouldContain($"is being run by process {paused.Id}");
        Ended second;
        do
            second = await RunAsync("two", arguments);
        while (second.ExitCode == 2 && second.Errors.Contains($"is being run by process {paused.Id}", StringComparison.Ordinal));
        second.ShouldExit(0);
        paused.GoOn();
        var first = (await paused.EndAsync()).ShouldExit(1);
        first.Output.ShouldContain("Another process took over job 'demo'");
        results.ShouldBeInOrder(DemoRun.Documents);
        results.ShouldHoldNoTemporaryFile();
    }

    [Fact]
    public async Task ADatabaseThatCannotBeReachedIsToldAtTheDoor()
    {
        await server.StopAsync();
        var run = (await RunAsync("one", "run", "demo", "--output", folder["results"])).ShouldExit(2);
        run.Errors.ShouldContain("Ledger.PostgreSql: the database of the ledger cannot be used");
        Directory.Exists(folder["results"]).ShouldBeFalse();
    }

    private Dictionary<string, string> Environment => new()
    {
        ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection,
        ["BATCHINFERENCE__Ledger__LeaseSeconds"] = "10",
    };

    private async Task<Ended> RunAsync(string node, params string[] arguments)
    {
        using var worker = WorkerProcess.Start(folder[node], Environment, arguments);
        return await worker.EndAsync();
    }
}
