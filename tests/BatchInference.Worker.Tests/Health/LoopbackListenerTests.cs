using System.Net;
using System.Net.Sockets;
using System.Text;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;

namespace BatchInference.Worker.Tests.Health;

public sealed class LoopbackListenerTests : IAsyncDisposable
{
    private readonly LoopbackListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    public LoopbackListenerTests()
    {
        listener = LoopbackListener.Open($"127.0.0.1:{Ports.Free()}", TimeProvider.System);
        serving = listener.ServeAsync(path => path == "/here" ? new HttpAnswer(503, "text/plain; charset=utf-8", "é\n") : null, stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task AGetIsAnsweredWithWhatIsThere()
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"http://{listener.EndPoint}/here?any=1"), CancellationToken.None);
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadAsStringAsync(CancellationToken.None)).ShouldBe("é\n");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        (await client.GetAsync(new Uri($"http://{listener.EndPoint}/"), CancellationToken.None)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task OtherMethodsAreRefusedAndNonsenseToo()
    {
        (await SayAsync("POST /here HTTP/1.1\r\nContent-Length: 0\r\n\r\n")).ShouldStartWith("HTTP/1.1 405 ");
        (await SayAsync("nonsense\r\n\r\n")).ShouldStartWith("HTTP/1.1 400 ");
        (await SayAsync($"GET /{new string('x', 9000)} HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 400 ");
    }

    [Fact]
    public async Task SilentConnectionsLeaveOthersTheirAnswer()
    {
        var silent = new List<TcpClient>();
        for (var number = 0; number < 10; number++)
            silent.Add(await ConnectAsync());
        (await SayAsync("GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n")).ShouldStartWith("HTTP/1.1 503 ");
        silent.ForEach(client => client.Dispose());
    }

    [Fact]
    public void ATakenPortIsToldWithWhereItStandsAndWhatToDo() =>
        Should.Throw<ConfigurationException>(() => LoopbackListener.Open(listener.EndPoint.ToString(), TimeProvider.System)).Errors
            .ShouldBe([$"appsettings.json: Health.Listen: {listener.EndPoint} is taken by another program, or by another service of this one. Stop that one, or write another port."]);

    [Theory, InlineData("127.0.0.1:9464", "127.0.0.1:9464"), InlineData("localhost:80", "127.0.0.1:80"), InlineData("[::1]:9464", "[::1]:9464"), InlineData("127.8.9.1:1", "127.8.9.1:1")]
    public void AddressesOfThisMachineAreRead(string address, string end) => LoopbackListener.Parse(address).ShouldBe(IPEndPoint.Parse(end));

    [Theory, InlineData("0.0.0.0:9464"), InlineData("[::]:9464"), InlineData("10.0.0.1:9464"), InlineData("archives.example:9464"), InlineData("127.0.0.1"), InlineData("127.0.0.1:0"), InlineData("9464"), InlineData("+:9464"), InlineData("127.0.0.1:99999")]
    public void OtherAddressesAreNone(string address) => LoopbackListener.Parse(address).ShouldBeNull();

    private async Task<string> SayAsync(string request)
    {
        using var client = await ConnectAsync();
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(listener.EndPoint);
        return client;
    }
}
