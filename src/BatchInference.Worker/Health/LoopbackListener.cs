using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Health;

/// <summary>What is answered to a GET.</summary>
internal sealed record HttpAnswer(int Status, string MediaType, string Body);

/// <summary>
/// Answers GET over HTTP/1.1 to programs on this machine. So small that a reviewer can read it: no keep-alive, no body, no header but the first line is looked at, nothing is changed by any request.
/// HttpListener would need a reservation by an administrator on Windows, Kestrel a second framework.
/// </summary>
internal sealed class LoopbackListener : IDisposable
{
    private const int LongestHead = 8192, MostAtOnce = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), AfterError = TimeSpan.FromSeconds(1);

    private readonly TcpListener listener;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim places = new(MostAtOnce);

    private LoopbackListener(TcpListener listener, TimeProvider time) => (this.listener, this.time) = (listener, time);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndpoint;

    /// <summary>Reads host and port; null where they are none of this machine alone.</summary>
    public static IPEndPoint? Parse(string address)
    {
        var text = address.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{address["localhost:".Length..]}" : address;
        return IPEndPoint.TryParse(text, out var end) && end.Port > 0 && IPAddress.IsLoopback(end.Address) ? end : null;
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="ConfigurationException">The port is taken, or may not be had.</exception>
    public static LoopbackListener Open(string address, TimeProvider time)
    {
        var listener = new TcpListener(Parse(address)!);
        try
        {
            if (OperatingSystem.IsWindows())
                listener.ExclusiveAddressUse = true;
            listener.Start();
            return new LoopbackListener(listener, time);
        }
        catch (SocketException error)
        {
            listener.Dispose();
            throw new ConfigurationException([error.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"appsettings.json: Health.Listen: {address} is taken by another program, or by another service of this one. Stop that one, or write another port."
                : $"appsettings.json: Health.Listen: {address} cannot be listened to: {error.Message}. Write another port, above 1023."]);
        }
    }

    /// <summary>Answers until it is asked to stop.</summary>
    /// <param name="answer">What to say at a path; null for nothing there.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async Task ServeAsync(Func<string, HttpAnswer?> answer, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await places.WaitAsync(cancellationToken);
                try
                {
                    _ = AnswerAsync(await listener.AcceptTcpClientAsync(cancellationToken), answer, cancellationToken);
                }
                catch (SocketException)
                {
                    // Who asked is gone again, or the machine has no descriptor left: that ends no night.
                    places.Release();
                    await Task.Delay(AfterError, time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task AnswerAsync(TcpClient client, Func<string, HttpAnswer?> answer, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            await using var stream = client.GetStream();
            var said = Answer(await FirstLineAsync(stream, limit.Token), answer);
            var body = Encoding.UTF8.GetBytes(said.Body);
            var head = string.Create(CultureInfo.InvariantCulture,
                $"HTTP/1.1 {said.Status} {(HttpStatusCode)said.Status}\r\nContent-Type: {said.MediaType}\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), limit.Token);
            await stream.WriteAsync(body, limit.Token);
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            // Who asked is gone, or says nothing.
        }
        finally
        {
            client.Dispose();
            places.Release();
        }
    }

    private static HttpAnswer Answer(string? firstLine, Func<string, HttpAnswer?> answer) => firstLine?.Split(' ') switch
    {
        ["GET", var target, _] => answer(target.Split('?')[0]) ?? new HttpAnswer(404, "text/plain", "Nothing is here.\n"),
        [_, _, _] => new HttpAnswer(405, "text/plain", "Only GET is answered.\n"),
        _ => new HttpAnswer(400, "text/plain", "This is no request.\n"),
    };

    // The whole head is read, so that the connection is not reset while the answer is on its way.
    private static async Task<string?> FirstLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new byte[LongestHead];
        for (var length = 0; length < head.Length;)
        {
            var read = await stream.ReadAsync(head.AsMemory(length), cancellationToken);
            if (read == 0)
                return null;
            length += read;
            if (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                return Encoding.Latin1.GetString(head, 0, head.AsSpan(0, length).IndexOf("\r\n"u8));
        }

        return null;
    }
}
