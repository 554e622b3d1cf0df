using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The protocol of systemd (sd_notify(3)), spoken with a socket of the test.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> heard = [];
    private readonly Channel<string> messages = Channel.CreateUnbounded<string>();

    public ServiceManagerTests()
    {
        manager.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        _ = ListenAsync();
    }

    public void Dispose()
    {
        manager.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task TheServiceTellsThatItIsReadyLivesReadsAnewAndStops()
    {
        folder.Write("config/appsettings.json", "{}");
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        Directory.CreateSymbolicLink(folder["config/labels"], Repository.At("config/labels"));
        Job("letters", "23:00");
        Directory.CreateDirectory(folder["archive"]);
        // The host knows the service manager by the name of its parent: the shell goes by that name.
        File.CreateSymbolicLink(folder["systemd"], "/bin/sh");
        using var service = WorkerProcess.StartThrough(folder["systemd"], ["-c", $"NOTIFY_SOCKET='{folder["notify"]}' WATCHDOG_USEC=1000000 \"$@\" & echo $! > '{folder["pid"]}'; wait $!", "systemd"], folder["state"], "service", "--config", folder["config"]);
        await HearAsync("READY=1", service);
        await HearAsync("WATCHDOG=1", service);
        await HearAsync("WATCHDOG=1", service);
        while (!(await HearAsync("STATUS=", service)).Contains("Waits for letters, which opens ", StringComparison.Ordinal))
        {
            // The word of a beat before the job was put down.
        }

        // The journal reads a line's priority from its beginning.
        await ReadAsync("<6>BatchInference.Worker.Scheduling.JobNights[101] Job letters is scheduled", service);

        Job("minutes", "25:00");
        await HearAsync("RELOADING=1", service);
        await HearAsync("READY=1", service);
        await ReadAsync("the old one is kept: jobs/minutes.json: schedule[0].opens: \"25:00\"", service);
        service.Errors.Split('\n').ShouldContain(line => line.StartsWith("<3>", StringComparison.Ordinal) && line.Contains("the old one is kept", StringComparison.Ordinal));

        Job("minutes", "22:00");
        await ReadAsync("Job minutes is scheduled", service);
        File.Delete(folder["config/jobs/minutes.json"]);
        await ReadAsync("The configuration was read anew: 1 jobs", service);

        // What is told may be changed while the service runs.
        service.Errors.ShouldNotContain("<7>Quartz");
        folder.Write("config/appsettings.json", """{ "Logging": { "Categories": { "Quartz": "debug" } } }""");
        await ReadAsync("<7>Quartz", service);
        // Each output is written by a thread of its own: what stands on the one may still be on its way to the other.
        await ReadAsync("debug Quartz", Log);
        Log().ShouldContain("BatchInference.Worker.Scheduling.JobNights[101] Job letters is scheduled");

        // As `systemctl reload` does (ExecReload of the unit).
        using (var kill = Process.Start("kill", ["-HUP", File.ReadAllText(folder["pid"]).Trim()])) await kill.WaitForExitAsync();
        while (!(await HearAsync("RELOADING=1", service)).Contains("MONOTONIC_USEC=", StringComparison.Ordinal))
        {
            // systemd takes the word only with its moment.
        }

        await HearAsync("READY=1", service);
        using (var kill = Process.Start("kill", ["-TERM", File.ReadAllText(folder["pid"]).Trim()])) await kill.WaitForExitAsync();
        await HearAsync("STOPPING=1", service);
        (await service.EndAsync()).ShouldExit(0);
    }

    private void Job(string name, string opens) => folder.Write($"config/jobs/{name}.json",
        $$"""
        { "schedule": [ { "opens": "{{opens}}", "closes": "23:30", "timeZone": "UTC", "nights": ["{{Tomorrow}}"] } ],
          "source": { "folder": { "path": "{{folder["archive"]}}" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "{{folder["results"]}}" } }
        """);

    // Two files where midnight passes meanwhile.
    private string Log() => string.Concat(Directory.GetFiles(folder["state/log"], "service-*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText));

    private static string Tomorrow => TimeProvider.System.GetUtcNow().AddDays(1).ToString("ddd", CultureInfo.InvariantCulture);

    // Always listens, as systemd does: a service that nobody listens to waits at its next word.
    private async Task ListenAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
                messages.Writer.TryWrite(Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer)));
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task<string> HearAsync(string beginning, WorkerProcess service)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            while (true)
            {
                var message = await messages.Reader.ReadAsync(limit.Token);
                heard.Add(message);
                if (message.StartsWith(beginning, StringComparison.Ordinal)) return message;
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{beginning} was not told within ten minutes, but\n{string.Join('\n', heard)}\n{service.Errors}");
        }
    }

    private static Task ReadAsync(string text, WorkerProcess service) => ReadAsync(text, () => service.Errors);

    private static async Task ReadAsync(string text, Func<string> told)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (!told().Contains(text, StringComparison.Ordinal))
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"Not read within ten minutes: {text}\n{told()}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }
}
