using System.Text.Json;
using System.Threading.Channels;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>
/// The process that reads documents for another: bytes come by standard input, readings go by standard output. It has no network, few rights, a memory limit,
/// and ends with the process that started it.
/// </summary>
public static class ExtractionHost
{
    // Content waits here until the reader takes it: some pipes' worth.
    private const int FramesInHand = 8;

    /// <summary>Serves until standard input ends.</summary>
    /// <param name="open">Makes the reader when the settings have come.</param>
    public static int Run(Func<HostSettings, LocalDocumentReader> open)
    {
        if (OperatingSystem.IsLinux())
        {
            LinuxConfinement.LeaveTerminal();
            // On the first thread, which lives as long as the process: the kernel remembers the wish by thread.
            LinuxConfinement.DieWithParent();
        }

        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        // What a library prints must not get between the frames.
        Console.SetOut(TextWriter.Null);
        Console.SetIn(TextReader.Null);
        return ServeAsync(input, output, open).GetAwaiter().GetResult();
    }

    private static async Task<int> ServeAsync(Stream input, Stream output, Func<HostSettings, LocalDocumentReader> open)
    {
        if (await Frames.ReadAsync(input, int.MaxValue, default) is not (FrameKind.Settings, var told)) return 1;
        var settings = JsonSerializer.Deserialize(told, FrameJson.Plain.HostSettings)!;
        if (OperatingSystem.IsLinux()) LinuxConfinement.Apply(settings);

        var frames = Channel.CreateBounded<(FrameKind Kind, byte[] Payload)>(new BoundedChannelOptions(FramesInHand) { SingleReader = true, SingleWriter = true });
        var listening = new Thread(() => Listen(input, frames.Writer)) { IsBackground = true, Name = "frames" };
        listening.Start();

        using var turn = new SemaphoreSlim(1);
        void Tell(FrameKind kind, byte[] payload) => SendAsync(output, turn, kind, payload).AsTask().GetAwaiter().GetResult();
        var reader = open(settings);
        await foreach (var (kind, payload) in frames.Reader.ReadAllAsync())
        {
            if (kind != FrameKind.Document) continue;
            var head = JsonSerializer.Deserialize(payload, FrameJson.Plain.DocumentHead)!;
            var document = new Document(new DocumentId(head.Path, ""), head.Length, _ => ValueTask.FromResult<Stream>(new FramedContent(frames.Reader)));
            var steps = new ReadingSteps(head.Given, head.PassedOver);
            steps.Begun += step => Tell(FrameKind.Step, BitConverter.GetBytes(step));
            steps.TimeGiven += more => Tell(FrameKind.MoreTime, BitConverter.GetBytes(more.TotalSeconds));
            await foreach (var reading in reader.ReadAsync(document, _ => false, steps, default))
                await SendAsync(output, turn, FrameKind.Reading, JsonSerializer.SerializeToUtf8Bytes(reading, FrameJson.Plain.DocumentReading));
            await SendAsync(output, turn, FrameKind.End, default);
        }

        return 0;
    }

    // While a document is read nothing comes, so that the end of the stream is seen at once: whoever wanted the readings is gone.
    private static void Listen(Stream input, ChannelWriter<(FrameKind, byte[])> frames)
    {
        try
        {
            while (Frames.ReadAsync(input, int.MaxValue, default).AsTask().GetAwaiter().GetResult() is { } frame)
                frames.WriteAsync(frame).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            // The same end, in the middle of a frame.
        }

        Environment.Exit(0);
    }

    private static async ValueTask SendAsync(Stream output, SemaphoreSlim turn, FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        await turn.WaitAsync();
        try
        {
            await Frames.WriteAsync(output, kind, payload, default);
        }
        finally
        {
            turn.Release();
        }
    }
}
