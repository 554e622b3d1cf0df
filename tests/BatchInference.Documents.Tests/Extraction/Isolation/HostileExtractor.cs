using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>A parser as an attacker would have it: the text tells what it does.</summary>
internal sealed class HostileExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [BatchInference.Documents.Extraction.MediaTypes.Text];

    public override int Revision => 1;

    public static LocalDocumentReader Reader(HostSettings settings) => new([new HostileExtractor()], [new ArchiveOpener(), new HostileOpener()], OcrTools.None, settings.Limits, TimeProvider.System);

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(content, leaveOpen: true);
        var order = reader.ReadToEnd().Trim();
        return new ExtractedText(order switch
        {
            "overflow" => Deeper(0).ToString(CultureInfo.InvariantCulture),
            "exit" => Exit(),
            "devour" => Devour(),
            "hang" => Hang(),
            "print" => Print(),
            "socket" => Reach(AddressFamily.InterNetwork, SocketType.Stream),
            "unix datagrams" => Reach(AddressFamily.Unix, SocketType.Dgram),
            "unix socket" => Reach(AddressFamily.Unix, SocketType.Stream),
            "socket of a child" => Child("/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/1"),
            "signal to the worker" => Child("/bin/bash", "-c", $"kill -0 {Parent()}"),
            "signal to all" => Child("/bin/bash", "-c", "kill -0 -- -1"),
            "signal to the worker's group" => Child("/bin/bash", "-c", $"kill -0 -- -{Parent()}"),
            "limits of the worker" => Child("/usr/bin/prlimit", "--pid", Parent(), "--nofile"),
            "signal to a child" => Child("/bin/bash", "-c", "sleep 100 & kill -9 $!; wait $! 2>/dev/null; kill -0 $$ && prlimit --nofile >/dev/null && echo ended >&2"),
            "environment" => string.Join('\n', Environment.GetEnvironmentVariables().Keys.Cast<string>().Order(StringComparer.Ordinal)),
            "folder" => $"{Directory.GetFileSystemEntries(".").Length} entries in {Environment.CurrentDirectory}",
            "lock the folder" => Lock(),
            "status" => File.ReadAllText("/proc/self/status"),
            "session" => File.ReadAllText("/proc/self/stat").Split(')')[^1].Split(' ')[4] == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) ? "of its own" : "of its parent",
            "process" => $"process {Environment.ProcessId}",
            _ => order,
        }, mediaType);
    }

    private static int Deeper(int depth) => depth + Deeper(depth + 1) + Deeper(depth + 2);

    private static string Parent() => File.ReadAllText("/proc/self/stat").Split(')')[^1].Split(' ')[2];

    private static string Lock()
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException();
        var inner = Directory.CreateDirectory("inner").FullName;
        File.WriteAllText(Path.Combine(inner, "kept.txt"), "kept");
        Directory.CreateDirectory(Path.Combine(inner, "deeper"), UnixFileMode.None);
        File.SetUnixFileMode(inner, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return Environment.CurrentDirectory;
    }

    private static string Exit()
    {
        Environment.Exit(7);
        return "";
    }

    private static string Devour()
    {
        var kept = new List<byte[]>();
        while (true)
        {
            kept.Add(new byte[1 << 20]);
            Array.Fill(kept[^1], (byte)kept.Count);
        }
    }

    private static string Hang()
    {
        for (var turns = 0L; ; turns++)
            if (turns == -1) return "";
    }

    private static string Print()
    {
        Console.WriteLine("a library talks");
        return "printed";
    }

    private static string Reach(AddressFamily family, SocketType type)
    {
        try
        {
            using var socket = new Socket(family, type, ProtocolType.Unspecified);
            // Nobody listens there, which only one who may connect finds out.
            socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(Environment.CurrentDirectory, "nobody")));
            return "connected";
        }
        catch (SocketException error)
        {
            return $"not reached: {error.SocketErrorCode}";
        }
    }

    private static string Child(string program, params string[] arguments)
    {
        using var child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = child.StandardError.ReadToEnd();
        child.WaitForExit();
        return $"exit code {child.ExitCode}: {error}";
    }
}
