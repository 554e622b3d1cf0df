using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BatchInference.Testing;
using Microsoft.Data.Sqlite;

namespace BatchInference.EndToEnd.Faults;

/// <summary>The books: damaged, of another version, held by somebody else, out of reach.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class LedgerFaultsTests : FaultyMachine
{
    [Fact]
    public Task AFileThatIsNoLedger()
    {
        Folder.Write("state/ledger.db", "This is a text, and no database at all.");
        return ShouldTellAsync(2, $"{Folder["state/ledger.db"]}: the ledger cannot be used: it is damaged (SQLite Error 26: 'file is not a database'.). Restore a backup: batch-inference ledger restore --from FILE");
    }

    [Fact]
    public async Task APageThatIsDamaged()
    {
        (await Archive.RunAsync("state")).ShouldExit(0);
        using (var file = new FileStream(Folder["state/ledger.db"], FileMode.Open, FileAccess.Write))
        {
            file.Position = 4096;
            file.Write(new byte[4096 * 4].Select(_ => (byte)0xFF).ToArray());
        }

        const string damaged = "the ledger cannot be used: it is damaged (SQLite Error 11: 'database disk image is malformed'.). Restore a backup: batch-inference ledger restore --from FILE";
        (await Archive.RunAsync("state")).ShouldExit(1).Output.Split('\n')[0].ShouldMatch($"^letters: run [0-9TZ-]+[0-9a-f]+ could not go on: {System.Text.RegularExpressions.Regex.Escape($"{Folder["state/ledger.db"]}: {damaged}.")}$");
        (await VerbAsync("status")).ShouldExit(1).Errors.TrimEnd().ShouldBe($"{Folder["state/ledger.db"]}: {damaged}");
    }

    [Fact]
    public async Task ALedgerOfANewerProgram()
    {
        (await Archive.RunAsync("state")).ShouldExit(0);
        Execute("PRAGMA user_version = 99");
        var newest = Pipeline.SqliteLedger.Version;
        var message = $"{Folder["state/ledger.db"]}: the ledger has version 99, this program knows versions up to {newest}. Use the program that made it, or a newer one";
        await ShouldTellAsync(2, $"{message}.");
        var kept = Folder.Write($"state/ledger.version-{newest}.db", "as it was kept");
        await ShouldTellAsync(2, $"{message}; or go back to the books as they were before the upgrade: batch-inference ledger restore --from {kept}.");
    }

    [Fact]
    public async Task AJobThatIsRunAlready()
    {
        using var first = Archive.Start("state", new Dictionary<string, string> { ["BATCHINFERENCE__Jobs__letters__output__folder"] = Folder["blocked"] });
        Directory.CreateDirectory(Folder["blocked"]);
        await first.UntilAsync(() => Directory.Exists(Folder["state/running"]) && Directory.GetFiles(Folder["state/running"], "letters.holder").Length > 0);
        first.Pause();
        var second = await Archive.RunAsync("state");
        first.GoOn();
        second.ShouldExit(2).Errors.TrimEnd().ShouldMatch($"^Job 'letters' is being run by process {first.Id} on {Environment.MachineName} since [0-9: -]+ UTC \\(run [0-9TZ]+-[0-9a-f]+\\)\\. Wait for its end, or stop it\\.$");
    }

    [Fact]
    public async Task TwoServicesOnOneLedger()
    {
        using var first = WorkerProcess.Start(Folder["state"], "service", "--config", Folder["config"]);
        await first.UntilAsync(() => first.Errors.Contains("Application started", StringComparison.Ordinal));
        (await VerbAsync("service")).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"{Folder["state"]}: another service works with this state folder. Stop it (Linux: systemctl stop batch-inference; Windows: sc.exe stop BatchInference), or name another folder with --state; to share the work between machines set Ledger:PostgreSql.");
    }

    [Fact]
    public async Task AClockThatWasSetBack()
    {
        (await Archive.RunAsync("state")).ShouldExit(0);
        // The run was made, so the books say, by a clock that was three years ahead.
        var ahead = TimeProvider.System.GetUtcNow().AddYears(3);
        Execute($"UPDATE run SET ending = json_set(ending, '$.Ended', '{ahead.ToString("O", CultureInfo.InvariantCulture)}')");
        using var doctor = WorkerProcess.Start(Folder["state"], "doctor", "--config", Folder["config"]);
        var line = (await doctor.EndAsync()).ShouldExit(1).Output.Split('\n').Single(line => line.StartsWith("BAD", StringComparison.Ordinal));
        line.ShouldMatch($"^BAD   clock: this machine's clock shows [0-9: -]+ UTC, but run [0-9TZ]+-[0-9a-f]+ of the job letters ended at {ahead.UtcDateTime:yyyy-MM-dd HH:mm} UTC → Set the clock \\(Linux: timedatectl set-ntp true; Windows: w32tm /resync\\) before the next night\\.$");
    }

    [Fact]
    public Task ADatabaseThatDoesNotAnswer()
    {
        Settings = """{ "Models": { "Default": "tiny" }, "Ledger": { "PostgreSql": "Host=127.0.0.1;Port=1;Username=batch;Database=archives" } }""";
        return ShouldTellAsync(2, "appsettings.json: Ledger.PostgreSql: the database of the ledger cannot be used: Failed to connect to 127.0.0.1:1. Check server, database, user and password; give the password by the environment variable PGPASSWORD or a PGPASSFILE.");
    }

    [Fact]
    public async Task APasswordThatIsWrong()
    {
        await using var server = await PostgresServer.StartAsync();
        await server.RequirePasswordAsync();
        await ShouldTellAsync(2, "appsettings.json: Ledger.PostgreSql: the database of the ledger cannot be used: 28P01: password authentication failed for user \"postgres\". Check server, database, user and password; give the password by the environment variable PGPASSWORD or a PGPASSFILE.",
            new Dictionary<string, string> { ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection, ["PGPASSWORD"] = "canary-5e1fe7" });
    }

    [Fact]
    public async Task ADatabaseThatIsTooOld()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var old = AnswerAsVersion11Async(listener);
        await ShouldTellAsync(2, "127.0.0.1/archives: the server is PostgreSQL 11.22, the ledger needs 12 at least. Bring the server further, or set Ledger:PostgreSql to another one.",
            new Dictionary<string, string> { ["BATCHINFERENCE__Ledger__PostgreSql"] = $"Host=127.0.0.1;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=batch;Database=archives;SSL Mode=Disable;GSS Encryption Mode=Disable;Server Compatibility Mode=NoTypeLoading" });
        await old;
    }

    // The beginning of the protocol (postgresql.org/docs, "Start-up"): no server of that age can be installed here.
    private static async Task AnswerAsVersion11Async(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[4096], 8);
        byte[] Message(char kind, params byte[] body) => [(byte)kind, .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(body.Length + 4)), .. body];
        byte[] Parameter(string name, string value) => Message('S', System.Text.Encoding.ASCII.GetBytes($"{name}\0{value}\0"));
        await stream.WriteAsync((byte[])[
            .. Message('R', 0, 0, 0, 0), .. Parameter("server_version", "11.22"), .. Parameter("client_encoding", "UTF8"), .. Parameter("integer_datetimes", "on"), .. Parameter("standard_conforming_strings", "on"), .. Parameter("TimeZone", "UTC"),
            .. Message('K', 0, 0, 0, 1, 0, 0, 0, 2), .. Message('Z', (byte)'I'),
        ]);
        while (await stream.ReadAsync(new byte[4096]) > 0)
        {
            // Until the program hangs up.
        }
    }

    private void Execute(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={Folder["state/ledger.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task<Ended> VerbAsync(string verb)
    {
        using var worker = WorkerProcess.Start(Folder["state"], verb, "--config", Folder["config"]);
        return await worker.EndAsync();
    }
}
