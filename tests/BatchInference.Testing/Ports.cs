using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BatchInference.Testing;

/// <summary>Ports of this machine.</summary>
public static class Ports
{
    // The ports that Linux gives to outgoing connections, from and to.
    private const string Given = "/proc/sys/net/ipv4/ip_local_port_range";

    /// <summary>One at which nobody listens, below those that the kernel gives away: no connection takes it meanwhile.</summary>
    public static int Free()
    {
        var first = File.Exists(Given) ? int.Parse(File.ReadAllText(Given).Split('\t')[0], CultureInfo.InvariantCulture) : 32768;
        while (true)
        {
            var port = Random.Shared.Next(1024, Math.Max(first, 2048));
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}

/// <summary>A port at which nobody listens, nor will while this is there: that of a server that is gone.</summary>
public sealed class DeadPort : IDisposable
{
    private readonly Socket bound = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public DeadPort() => bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public int Number => ((IPEndPoint)bound.LocalEndPoint!).Port;

    public void Dispose() => bound.Dispose();
}
