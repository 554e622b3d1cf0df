using System.Text.RegularExpressions;
using BatchInference.Testing;
using Npgsql;

namespace BatchInference.EndToEnd;

/// <summary>The steps of «Several machines» in install/README.md, as they are written there.</summary>
public sealed partial class SeveralMachinesTests : IAsyncLifetime
{
    private readonly TinyArchive archive = new(20);
    private PostgresServer server = null!;

    public async ValueTask InitializeAsync() => server = await PostgresServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        archive.Dispose();
    }

    [Fact]
    public async Task ARoleOfFewRightsIsEnoughForTheFirstStartAndTheNextMachine()
    {
        var page = File.ReadAllText(Repository.At("install/README.md"));
        await server.ExecuteAsync(Typed().Match(page).Groups["sql"].Value.Replace("the password", "canary-5e1fe7", StringComparison.Ordinal));
        await server.RequirePasswordAsync();
        var written = Connection().Match(page).Groups["connection"].Value;
        var host = new NpgsqlConnectionStringBuilder(server.Connection).Host;
        Dictionary<string, string> environment = new()
        {
            ["BATCHINFERENCE__Ledger__PostgreSql"] = written.Replace("Host=db;", $"Host={host};", StringComparison.Ordinal),
            ["PGPASSWORD"] = "canary-5e1fe7",
        };
        environment["BATCHINFERENCE__Ledger__PostgreSql"].ShouldContain($"Host={host};Database=archives;Username=batch");

        (await CallAsync("one", environment, "doctor")).ShouldExit(0);
        (await archive.RunAsync("one", environment)).ShouldExit(0).Output.ShouldContain("20 completed");
        (await CallAsync("two", environment, "doctor")).ShouldExit(0).Output.ShouldContain("good  ledger: ");
        (await archive.RunAsync("two", environment)).ShouldExit(0).Output.ShouldContain("othing to do");
        archive.Results.ShouldBeInOrder(archive.Documents);

        // And it has no more: the rest of the server is closed to it.
        var role = new NpgsqlConnectionStringBuilder(environment["BATCHINFERENCE__Ledger__PostgreSql"]) { Password = "canary-5e1fe7" };
        await using var connection = new NpgsqlConnection(role.ConnectionString);
        await connection.OpenAsync();
        foreach (var refused in (string[])["CREATE ROLE more", "CREATE DATABASE more", "CREATE TEMPORARY TABLE more (number integer)", "COPY batch_inference.version TO PROGRAM 'true'"])
            (await Should.ThrowAsync<PostgresException>(async () =>
            {
                await using var command = new NpgsqlCommand(refused, connection);
                await command.ExecuteNonQueryAsync();
            })).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, refused);
    }

    private async Task<Ended> CallAsync(string node, Dictionary<string, string> environment, string verb)
    {
        using var worker = WorkerProcess.Start(archive.Folder[node], environment, verb, "--config", archive.Folder["config"]);
        return await worker.EndAsync();
    }

    [GeneratedRegex("## Several machines.*?```sql\\n(?<sql>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Typed();

    [GeneratedRegex("\"PostgreSql\": \"(?<connection>[^\"]+)\"")]
    private static partial Regex Connection();
}
