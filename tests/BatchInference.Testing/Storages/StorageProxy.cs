using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BatchInference.Testing;

/// <summary>What a storage does to a call.</summary>
public enum Fault
{
    None,

    /// <summary>503, nothing done.</summary>
    Busy,

    /// <summary>429 with Retry-After, nothing done.</summary>
    TooMany,

    /// <summary>The connection is cut, nothing done.</summary>
    CutBefore,

    /// <summary>The call is done, and the connection is cut before the answer.</summary>
    CutAfter,

    /// <summary>Half of the answer, then the connection is cut.</summary>
    Half,

    /// <summary>The answer in small pieces with waits between.</summary>
    Slow,

    /// <summary>An earlier answer to the same listing.</summary>
    Stale,
}

/// <summary>
/// A storage in trouble: passes calls on to a real server and spoils a share of them. One call a connection. The seed decides the faults in the order in which calls come.
/// </summary>
public sealed class StorageProxy : IDisposable
{
    private static readonly Fault[] Faults = [Fault.Busy, Fault.TooMany, Fault.CutBefore, Fault.CutAfter, Fault.Half, Fault.Slow, Fault.Stale];

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Uri upstream;
    private readonly Random random;
    private readonly ConcurrentDictionary<string, byte[]> listings = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> writing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> written = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Fault, int> done = new();

    public StorageProxy(Uri upstream, int seed = 0)
    {
        this.upstream = upstream;
        random = new Random(seed);
        listener.Start();
        Address = new Uri($"http://{listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>The share of calls that are spoilt, from 0 to 1.</summary>
    public double Share { get; set; }

    /// <summary>True while nobody gets anything: each call is refused with 503.</summary>
    public bool Out { get; set; }

    /// <summary>After so many calls the storage goes: from then on it is <see cref="Out"/>. Null when it stays.</summary>
    public int? OutAfter { get; set; }

    /// <summary>True to refuse <c>If-None-Match: *</c> on PUT with 412 where this proxy saw the object created.</summary>
    public bool KeepsTheFirst { get; init; }

    /// <summary>How often each fault was played.</summary>
    public IReadOnlyDictionary<Fault, int> Done => done;

    /// <summary>Calls that came.</summary>
    public int Calls => done.Values.Sum();

    public void Dispose()
    {
        end.Cancel();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(end.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = new BufferedStream(client.GetStream());
                if (await HttpMessage.ReadAsync(stream, null, end.Token) is { } request)
                    await AnswerAsync(client, request);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task AnswerAsync(TcpClient client, HttpMessage request)
    {
        var fault = Next(IsListing(request));
        switch (fault)
        {
            case Fault.Busy:
                await SendAsync(client, Refusal("503 Service Unavailable", ""));
                return;
            case Fault.TooMany:
                await SendAsync(client, Refusal("429 Too Many Requests", "Retry-After: 1\r\n"));
                return;
            case Fault.CutBefore:
                Cut(client);
                return;
            case Fault.Stale when listings.TryGetValue(request.Target, out var earlier):
                await SendAsync(client, earlier);
                return;
        }

        var answer = await DoAsync(request);
        switch (fault)
        {
            case Fault.CutAfter:
                Cut(client);
                break;
            case Fault.Half:
                await client.GetStream().WriteAsync(answer.AsMemory(0, answer.Length / 2), end.Token);
                await client.GetStream().FlushAsync(end.Token);
                client.Client.Shutdown(SocketShutdown.Send);
                break;
            case Fault.Slow:
                foreach (var piece in answer.Chunk(Math.Max(1, answer.Length / 8)))
                {
                    await client.GetStream().WriteAsync(piece, end.Token);
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, end.Token);
                }

                break;
            default:
                await SendAsync(client, answer);
                break;
        }
    }

    private async Task<byte[]> DoAsync(HttpMessage request)
    {
        if (!KeepsTheFirst || request.Method is not ("PUT" or "DELETE"))
            return await PassOnAsync(request);
        // One at a time for each name, so that looking and writing are one step.
        var target = request.Target.Split('?')[0];
        var turn = writing.GetOrAdd(target, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(end.Token);
        try
        {
            if (request.Method == "PUT" && request.Header("If-None-Match") == "*" && written.ContainsKey(target))
                return Refusal("412 Precondition Failed", "", "<?xml version=\"1.0\"?><Error><Code>PreconditionFailed</Code><Message>It exists.</Message></Error>");
            var answer = await PassOnAsync(request);
            if (request.Method == "DELETE") written.TryRemove(target, out _);
            else if (Encoding.ASCII.GetString(answer, 9, 3) == "200") written[target] = true;
            return answer;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<byte[]> PassOnAsync(HttpMessage request)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(upstream.Host, upstream.Port, end.Token);
        var stream = server.GetStream();
        await stream.WriteAsync(request.ToBytes(), end.Token);
        var reading = new BufferedStream(stream);
        HttpMessage answer;
        do
            answer = await HttpMessage.ReadAsync(reading, request.Method, end.Token) ?? throw new IOException("The server closed the connection.");
        while (answer.Status == 100);
        var bytes = answer.ToBytes();
        if (IsListing(request) && answer.Status == 200)
            listings.TryAdd(request.Target, bytes);
        return bytes;
    }

    private Fault Next(bool listing)
    {
        lock (random)
        {
            var spoilt = random.NextDouble() < Share;
            var fault = Faults[random.Next(listing ? Faults.Length : Faults.Length - 1)];
            if (Calls >= OutAfter) (Out, OutAfter) = (true, null);
            fault = Out ? Fault.Busy : spoilt ? fault : Fault.None;
            done.AddOrUpdate(fault, 1, (_, count) => count + 1);
            return fault;
        }
    }

    private static bool IsListing(HttpMessage request) => request.Method == "GET" && (request.Target.Contains("comp=list", StringComparison.Ordinal) || request.Target.Contains("list-type=2", StringComparison.Ordinal));

    private static byte[] Refusal(string status, string headers, string body = "") =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

    private async Task SendAsync(TcpClient client, byte[] answer) => await client.GetStream().WriteAsync(answer, end.Token);

    private static void Cut(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }
}
