using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BatchInference.Testing;

/// <summary>A small HTTP server on a free port of this machine that keeps what it is sent.</summary>
public sealed class HttpReceiver : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();

    public HttpReceiver()
    {
        listener.Start();
        _ = ListenAsync();
    }

    /// <summary>Says what is answered.</summary>
    public Func<Received, int> Answer { get; set; } = _ => 200;

    /// <summary>XML that goes with every answer.</summary>
    public string Body { get; set; } = "";

    public Uri Address => new($"http://{listener.LocalEndpoint}");

    public ConcurrentQueue<Received> Requests { get; } = new();

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
        stop.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
        }
        catch (Exception gone) when (gone is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            await using var stream = new BufferedStream(client.GetStream());
            while (await HttpMessage.ReadAsync(stream, null, stop.Token) is { } message)
            {
                var received = new Received(message.Method, message.Target, message.Header, message.Body);
                Requests.Enqueue(received);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Answer(received)} Said\r\n{(Body.Length > 0 ? "Content-Type: application/xml\r\n" : "")}Content-Length: {Body.Length}\r\n\r\n{Body}"), stop.Token);
                await stream.FlushAsync(stop.Token);
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Who sent is gone.
        }
    }
}

/// <summary>A request that came.</summary>
public sealed record Received(string Method, string Target, Func<string, string?> Header, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}
