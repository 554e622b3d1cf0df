using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace BatchInference.Testing;

/// <summary>A request or an answer of HTTP/1.1, read whole from a connection and not interpreted beyond its frame, so that a proxy passes on what came.</summary>
internal sealed class HttpMessage(string firstLine, IReadOnlyList<(string Name, string Value)> headers, byte[] body)
{
    public string FirstLine => firstLine;

    public string Method => firstLine.Split(' ')[0];

    public string Target => firstLine.Split(' ')[1];

    public int Status => int.Parse(firstLine.Split(' ')[1], CultureInfo.InvariantCulture);

    public byte[] Body => body;

    public string? Header(string name) => headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Null when the connection ended before a message began.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="answersTo">The method of the request that an answer belongs to; null for a request.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public static async Task<HttpMessage?> ReadAsync(BufferedStream stream, string? answersTo, CancellationToken cancellationToken)
    {
        if (await LineAsync(stream, cancellationToken) is not { Length: > 0 } first)
            return null;
        var headers = new List<(string Name, string Value)>();
        while (await LineAsync(stream, cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        string? Header(string name) => headers.Find(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        var head = new HttpMessage(first, headers, []);
        var hasBody = answersTo is null || (answersTo != "HEAD" && head.Status is not (204 or 304 or < 200));
        // Else the client waits a second before it sends the body.
        if (answersTo is null && Header("Expect") is "100-continue")
            await stream.UnderlyingStream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        byte[] body = [];
        if (hasBody && Header("Transfer-Encoding") is "chunked")
            body = await ChunkedAsync(stream, cancellationToken);
        else if (hasBody && Header("Content-Length") is { } length)
            await stream.ReadExactlyAsync(body = new byte[int.Parse(length, CultureInfo.InvariantCulture)], cancellationToken);
        return new HttpMessage(first, headers, body);
    }

    /// <summary>The whole message as bytes, for a connection that ends with it; a chunked body has its length instead.</summary>
    public byte[] ToBytes()
    {
        var head = new StringBuilder(firstLine).Append("\r\n");
        foreach (var (name, value) in headers)
            if (!name.Equals("Connection", StringComparison.OrdinalIgnoreCase) && !name.Equals("Keep-Alive", StringComparison.OrdinalIgnoreCase) && !name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (Header("Transfer-Encoding") is not null)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        return [.. Encoding.Latin1.GetBytes(head.Append("Connection: close\r\n\r\n").ToString()), .. body];
    }

    private static async Task<byte[]> ChunkedAsync(BufferedStream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        while (await LineAsync(stream, cancellationToken) is { } line)
        {
            var chunk = new byte[int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(chunk, cancellationToken);
            body.Write(chunk);
            await LineAsync(stream, cancellationToken);
            if (chunk.Length == 0)
                break;
        }

        return body.ToArray();
    }

    private static async Task<string?> LineAsync(BufferedStream stream, CancellationToken cancellationToken)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) == 1)
        {
            if (one[0] == '\n')
                return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }

        return line.Count == 0 ? null : throw new SocketException((int)SocketError.ConnectionReset);
    }
}
