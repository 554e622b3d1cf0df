using System.Text.RegularExpressions;

namespace BatchInference.Testing;

/// <summary>An S3 server (s3rver) behind a proxy that adds what it lacks: <c>If-None-Match: *</c> on PUT.</summary>
public sealed partial class S3Server : IDisposable
{
    public const string Key = "S3RVER";

    private readonly TempFolder folder;
    private readonly TestServer server;
    private readonly StorageProxy proxy;

    private S3Server(TempFolder folder, TestServer server, StorageProxy proxy) => (this.folder, this.server, this.proxy) = (folder, server, proxy);

    /// <summary>With conditional writes.</summary>
    public Uri Address => proxy.Address;

    /// <summary>The server itself, which replaces what is there.</summary>
    public Uri Unconditional => server.Address;

    public static async Task<S3Server> StartAsync()
    {
        var folder = new TempFolder();
        var server = await TestServer.StartAsync("s3rver/bin/s3rver.js", Ready(), "-d", folder, "-a", "127.0.0.1", "-p", "0", "--silent", "--no-vhost-buckets");
        return new S3Server(folder, server, new StorageProxy(server.Address) { KeepsTheFirst = true });
    }

    public void Dispose()
    {
        proxy.Dispose();
        server.Dispose();
        folder.Dispose();
    }

    [GeneratedRegex("S3rver listening on (\\S+)")]
    private static partial Regex Ready();
}
