using System.Runtime.InteropServices;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Two nodes, each with its own state folder, one PostgreSQL ledger between them.</summary>
public sealed class SharedLedgerTests(ITestOutputHelper log) : IAsyncLifetime
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
        // The second program, which may start slowly, is to come before the lease runs out.
        var patient = new Dictionary<string, string>(Shared) { ["BATCHINFERENCE__Ledger__LeaseSeconds"] = "20" };
        using var paused = archive.Start("one", patient);
        await paused.UntilAsync(() => archive.Results.Parts("jsonl").Count > 0);
        paused.Pause();
        (await archive.RunAsync("two", patient)).ShouldExit(2).Errors.ShouldContain($"is being run by process {paused.Id}");
        Ended second;
        do
            second = await archive.RunAsync("two", patient);
        while (second.ExitCode == 2 && second.Errors.Contains($"is being run by process {paused.Id}", StringComparison.Ordinal));
        second.ShouldExit(0);
        paused.GoOn();
        (await paused.EndAsync()).ShouldExit(1).Output.ShouldContain("Another process took over job 'letters'");
        archive.Results.ShouldBeInOrder(archive.Documents);
        archive.Results.ShouldHoldNoTemporaryFile();
    }

    [Fact]
    public async Task ServicesShareOneRun()
    {
        WorkerProcess[] nodes = [.. Nodes.Select(node => archive.StartService(node, Shared))];
        foreach (var node in nodes)
            await node.UntilAsync(() => node.Errors.Contains("Job letters ended its run", StringComparison.Ordinal));
        await StopAsync(nodes);
        archive.Results.ShouldBeInOrder(archive.Documents);
        archive.Results.ShouldHoldNoTemporaryFile();
        var manifest = archive.Results.Manifests().Where(one => one["parts"]!.AsArray().Count > 0).ShouldHaveSingleItem();
        ((bool)manifest["complete"]!).ShouldBeTrue();
        ((long)manifest["counts"]!["completed"]!).ShouldBe(3000);
        ((long)manifest["remaining"]!).ShouldBe(0);
        nodes.Count(node => node.Errors.Contains("Shared run", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task AServiceThatIsPausedKeepsNobodyWaitingAndDoublesNothingWhenItComesBack()
    {
        WorkerProcess[] nodes = [.. Nodes.Select(node => archive.StartService(node, Shared))];
        await nodes[0].UntilAsync(() => archive.Results.Parts("jsonl").Count > 0);
        var drawn = Random.Shared.Next(nodes.Length);
        log.WriteLine($"node {Nodes[drawn]} is paused");
        var paused = nodes[drawn];
        paused.Pause();
        await nodes[0].UntilAsync(() => archive.Results.HasClosed(3000));
        paused.GoOn();
        await paused.UntilAsync(() => paused.Errors.Contains("Job letters ended its run", StringComparison.Ordinal) || paused.Errors.Contains("took over job 'letters'", StringComparison.Ordinal));
        await StopAsync(nodes);
        archive.Results.ShouldBeInOrder(archive.Documents);
        archive.Results.ShouldHoldNoTemporaryFile();
    }

    [Fact]
    public async Task AServiceThatDiffersTakesNoShardAndStatusSaysWhy()
    {
        using var leading = archive.StartService("one", Shared);
        await leading.UntilAsync(() => archive.Results.Parts("jsonl").Count > 0);
        using var other = archive.StartService("two", new Dictionary<string, string>(Shared) { ["BATCHINFERENCE__Jobs__letters__output__text"] = "true" });
        const string why = "This node takes no shard of run";
        await other.UntilAsync(() => other.Errors.Contains(why, StringComparison.Ordinal));
        (await RunAsync("two", "status", "letters")).ShouldExit(0).Output.ShouldMatch($@"(?s)process {other.Id}: {why} \S+, since it differs from the node that leads it in the job's configuration\. Make the nodes alike\.");
        await leading.UntilAsync(() => leading.Errors.Contains("Job letters ended its run", StringComparison.Ordinal));
        await StopAsync([leading, other]);
        archive.Results.ShouldBeInOrder(archive.Documents);
    }

    [Fact]
    public async Task ADatabaseThatCannotBeReachedIsToldAtTheDoor()
    {
        await server.StopAsync();
        (await archive.RunAsync("one", Shared)).ShouldExit(2).Errors.ShouldContain("Ledger.PostgreSql: the database of the ledger cannot be used");
        Directory.Exists(archive.Folder["results"]).ShouldBeFalse();
    }

    private static string[] Nodes { get; } = ["one", "two", "three"];

    private static async Task StopAsync(WorkerProcess[] nodes)
    {
        foreach (var node in nodes)
            node.Signal(PosixSignal.SIGTERM);
        foreach (var node in nodes)
        {
            (await node.EndAsync()).ShouldExit(0);
            node.Dispose();
        }
    }

    // A lease that a node on this crowded machine cannot lose by being slow, but by being paused.
    private Dictionary<string, string> Shared => new() { ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection, ["BATCHINFERENCE__Ledger__LeaseSeconds"] = "10" };

    private async Task<Ended> RunAsync(string node, params string[] arguments)
    {
        using var worker = WorkerProcess.Start(archive.Folder[node], Shared, [.. arguments, "--config", archive.Folder["config"]]);
        return await worker.EndAsync();
    }
}
