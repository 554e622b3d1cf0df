using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using BatchInference.Pipeline.Resume;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline.Suspects;

/// <summary>
/// A small file that says at each moment what this process has in hand: the documents that are being split, inferred or put together, which is what can bring the process itself down.
/// Overwritten in place and not flushed: it outlives the process, not the machine. The file is locked while its process lives; one with names that is not locked is that of a process that died.
/// </summary>
internal sealed class InHand : IDisposable
{
    // Processes of one machine that do one job at once: of a service, of people. Who comes after keeps no file.
    private const int MostProcesses = 16;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock turn = new();
    private readonly List<DocumentInHand> documents = [];
    private readonly ArrayBufferWriter<byte> json = new(4096), line = new(4096);
    private readonly List<FileStream> dead = [];
    private readonly RunId run;
    private readonly ResultScope scope;
    private readonly ILogger logger;
    private FileStream? file;
    private bool begun;

    private InHand(RunId run, ResultScope scope, ILogger logger)
    {
        this.run = run;
        this.scope = scope;
        this.logger = logger;
    }

    /// <summary>What processes that died had in hand; to be kept in the books before <see cref="Begin"/> forgets it.</summary>
    public List<Fall> Falls { get; } = [];

    /// <summary>Takes a file of its own, and those of processes that died.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="run">The run that begins.</param>
    /// <param name="scope">Its scope.</param>
    /// <param name="logger">Hears when no file can be had.</param>
    public static InHand Open(string folder, RunId run, ResultScope scope, ILogger logger)
    {
        var inHand = new InHand(run, scope, logger);
        try
        {
            Directory.CreateDirectory(folder);
            for (var number = 0; number < MostProcesses; number++)
                inHand.TryOpen(Path.Combine(folder, $"in-hand-{number}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.InHandGivenUp(exception, run);
        }

        return inHand;
    }

    /// <summary>Forgets what was left, and begins to say what is in hand.</summary>
    public void Begin()
    {
        foreach (var left in dead)
            using (left)
                left.SetLength(0);
        dead.Clear();
        begun = true;
        lock (turn)
            Write();
    }

    /// <summary>These documents are in hand until what is returned is disposed of.</summary>
    public IDisposable Take(IReadOnlyList<DocumentInHand> taken)
    {
        lock (turn)
        {
            documents.AddRange(taken);
            Write();
        }

        return new Holding(this, taken);
    }

    public void Dispose()
    {
        foreach (var left in dead)
            left.Dispose();
        if (file is null)
            return;
        // Emptied and not removed: another process may just be opening it.
        try
        {
            if (begun)
                file.SetLength(0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.InHandGivenUp(exception, run);
        }

        file.Dispose();
        file = null;
    }

    /// <summary>What a file says that lies there.</summary>
    internal static Fall? Read(ReadOnlySpan<byte> content)
    {
        if (!HashedLine.TryRead(content, out var json, out _))
            return null;
        var written = JsonSerializer.Deserialize<Written>(json)!;
        return RunId.TryParse(written.Run, out var run) && written.Documents.Length > 0
            ? new Fall(run, new ResultScope(written.Job, written.Output), written.Documents, written.Alone) : null;
    }

    private void TryOpen(string path)
    {
        if (file is not null && !File.Exists(path))
            return;
        FileStream opened;
        try
        {
            opened = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 });
        }
        catch (IOException) when (File.Exists(path))
        {
            // Its process lives.
            return;
        }

        var content = new byte[opened.Length];
        opened.ReadExactly(content);
        if (Read(content) is { } fall)
            Falls.Add(fall);
        if (file is null)
            file = opened;
        else
            dead.Add(opened);
    }

    private void Release(IReadOnlyList<DocumentInHand> released)
    {
        lock (turn)
        {
            foreach (var document in released)
                documents.Remove(document);
            Write();
        }
    }

    // The line stands at the file's beginning; what is left of a longer one before it has no meaning.
    private void Write()
    {
        if (file is null)
            return;
        line.ResetWrittenCount();
        if (documents.Count == 0)
        {
            line.Write("\n"u8);
        }
        else
        {
            json.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(json, Options))
                JsonSerializer.Serialize(writer, new Written(run.ToString(), scope.Job, scope.Output, documents.TrueForAll(one => one.Shard.IsAlone), [.. documents.Select(one => new FallenDocument(one.Path, one.Pending.Document.Id.Version))]));
            HashedLine.Write(line, json.WrittenSpan);
        }

        try
        {
            RandomAccess.Write(file.SafeFileHandle, line.WrittenSpan, 0);
        }
        catch (IOException exception)
        {
            // A full disk: the names before this moment stay, which suspects some that are innocent.
            logger.InHandGivenUp(exception, run);
            file.Dispose();
            file = null;
        }
    }

    private sealed record Written(string Run, string Job, string Output, bool Alone, FallenDocument[] Documents);

    private sealed class Holding(InHand inHand, IReadOnlyList<DocumentInHand> taken) : IDisposable
    {
        public void Dispose() => inHand.Release(taken);
    }
}
