using System.Diagnostics;

namespace BatchInference.Testing;

/// <summary>A PostgreSQL server of its own in a temporary folder, reached by a socket in it; gone when disposed. It runs as an account that is not root, since it refuses to run as root.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();

    private PostgresServer()
    {
    }

    /// <summary>For Npgsql. No password: only who may enter the folder reaches the socket.</summary>
    public string Connection => $"Host={folder.Path};Username=postgres;Database=postgres;Timeout=30";

    private string Data => folder["data"];

    public static async Task<PostgresServer> StartAsync()
    {
        var server = new PostgresServer();
        await RunAsync("chown", AsRoot ? ["nobody", server.folder] : [Environment.UserName, server.folder]);
        await AsServerAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it, at first or again, and waits until it answers.</summary>
    public Task StartAgainAsync() =>
        AsServerAsync("pg_ctl", "-D", Data, "-w", "-l", folder["server.log"], "-o", $"-c listen_addresses= -c unix_socket_directories={folder.Path} -c fsync=off -c max_connections=50", "start");

    /// <summary>Stops it as a power cut would.</summary>
    public Task StopAsync() => AsServerAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    /// <summary>Makes an empty database; gives the connection string of it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"books_{Guid.NewGuid():N}";
        await AsServerAsync("createdb", "-h", folder, "-U", "postgres", name);
        return Connection.Replace("Database=postgres", $"Database={name}", StringComparison.Ordinal);
    }

    /// <summary>Does what an administrator types into <c>psql</c>.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await File.WriteAllTextAsync(folder["typed.sql"], sql);
        await AsServerAsync("psql", "-h", folder, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "-f", folder["typed.sql"]);
    }

    /// <summary>From now on nobody gets in without a password.</summary>
    public async Task RequirePasswordAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "pg_hba.conf"), "local all all scram-sha-256\n");
        await AsServerAsync("pg_ctl", "-D", Data, "reload");
        // The server reads it when it comes to it.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await LetsInAsync())
            limit.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Gives the one user that there is a password.</summary>
    public Task SetPasswordAsync(string password) => ExecuteAsync($"ALTER USER postgres PASSWORD '{password}'");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await StopAsync();
        folder.Dispose();
    }

    // Without a password.
    private async Task<bool> LetsInAsync()
    {
        try
        {
            await AsServerAsync("psql", "-h", folder, "-U", "postgres", "-w", "-c", "SELECT 1");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool AsRoot => Environment.UserName == "root";

    private static Task AsServerAsync(string program, params string[] arguments)
    {
        var path = Find(program);
        return AsRoot ? RunAsync("setpriv", ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static string Find(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : []);
        return folders.Select(one => Path.Combine(one, program)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{program} is not installed: the tests of the shared ledger need the server programs of PostgreSQL (Debian: apt-get install postgresql).");
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        // The server that pg_ctl leaves behind inherits what it was given: so nothing is piped.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >\"$0\" 2>&1 </dev/null", Path.GetTempFileName(), program, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        var said = start.ArgumentList.Count > 2 ? await File.ReadAllTextAsync(start.ArgumentList[2]) : "";
        File.Delete(start.ArgumentList[2]);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
    }
}
