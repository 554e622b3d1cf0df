using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace BatchInference.EndToEnd;

/// <summary>Takes any unary call of gRPC and answers it with an empty message; keeps what came.</summary>
public sealed class GrpcReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Method, string? Authorization, string Body)> calls = [];
    private readonly WebApplication server;

    private GrpcReceiver(WebApplication server)
    {
        this.server = server;
        server.Run(AnswerAsync);
    }

    public IReadOnlyList<(string Method, string? Authorization, string Body)> Calls => [.. calls];

    public Uri Address => new(server.Urls.Single());

    public static async Task<GrpcReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // HTTP/2 from the first byte: without TLS there is nothing to agree on it by.
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(options => options.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        var receiver = new GrpcReceiver(builder.Build());
        await receiver.server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext call)
    {
        using var body = new MemoryStream();
        await call.Request.Body.CopyToAsync(body);
        calls.Enqueue((call.Request.Path, call.Request.Headers.Authorization, Encoding.Latin1.GetString(body.ToArray())));
        call.Response.ContentType = "application/grpc";
        // Not compressed, of no length: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
        await call.Response.Body.WriteAsync(new byte[5]);
        call.Response.AppendTrailer("grpc-status", "0");
    }
}
