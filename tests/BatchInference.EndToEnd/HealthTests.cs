using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>What a probe hears of the service.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ProbesHearFromAFileAndOverHttpThatTheServiceIsReadyAndThatItStops()
    {
        var port = Ports.Free();
        folder.Write("config/appsettings.json", $$"""{ "Health": { "File": "{{folder["health.json"]}}", "Listen": "localhost:{{port}}" } }""");
        using var service = WorkerProcess.Start(folder["state"], "service", "--config", folder["config"]);
        await service.UntilAsync(() => File.Exists(folder["health.json"]));
        var file = JsonNode.Parse(File.ReadAllText(folder["health.json"]))!;
        file.ToJsonString().ShouldStartWith("""{"live":true,"ready":true,"says":"No job has an opening","at":"20""");

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        (await client.GetStringAsync(new Uri("/livez", UriKind.Relative), CancellationToken.None)).ShouldBe("No job has an opening\n");
        (await client.GetStringAsync(new Uri("/readyz", UriKind.Relative), CancellationToken.None)).ShouldBe("No job has an opening\n");
        (await client.GetStringAsync(new Uri("/healthz", UriKind.Relative), CancellationToken.None)).ShouldBe(file.ToJsonString() + "\n");

        using (var metrics = await client.GetAsync(new Uri("/metrics", UriKind.Relative), CancellationToken.None))
        {
            metrics.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
            (await metrics.Content.ReadAsStringAsync(CancellationToken.None)).ShouldContain("\nbatch_inference_service_ready 1\n");
        }

        // The port is taken: another service is refused at the door.
        var second = await WorkerProcess.RunAsync(folder["other"], "service", "--config", folder["config"]);
        second.ShouldExit(2).Errors.ShouldBe($"appsettings.json: Health.Listen: localhost:{port} is taken by another program, or by another service of this one. Stop that one, or write another port.\n");

        // Where other machines would reach it nothing is listening.
        foreach (var address in (await Dns.GetHostAddressesAsync(Dns.GetHostName(), CancellationToken.None)).Where(address => !IPAddress.IsLoopback(address)))
        {
            using var outside = new TcpClient(address.AddressFamily);
            await Should.ThrowAsync<SocketException>(() => outside.ConnectAsync(address, port));
        }

        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
        var stopped = JsonNode.Parse(File.ReadAllText(folder["health.json"]))!;
        ((bool)stopped["ready"]!).ShouldBeFalse();
        ((string)stopped["says"]!).ShouldBe("Stopped");
        Directory.GetFiles(folder, "health*").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AHealthFileThatCannotBeWrittenIsToldAndStopsNothing()
    {
        folder.Write("config/appsettings.json", """{ "Health": { "File": "/proc/nowhere/health.json" } }""");
        using var service = WorkerProcess.Start(folder["state"], "service", "--config", folder["config"]);
        await service.UntilAsync(() => service.Errors.Contains("The health file /proc/nowhere/health.json cannot be written: ", StringComparison.Ordinal));
        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
    }
}
