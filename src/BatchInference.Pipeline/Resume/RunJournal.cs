using System.Buffers;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline.Resume;

/// <summary>
/// Keeps each row of a run on this machine from the moment it is computed until its part is in the books, so that the next start need not compute it again. Nothing is flushed to the disk:
/// a killed process loses nothing, a power cut the last seconds. Owned by the write loop.
/// </summary>
internal sealed class RunJournal(Journals journals, RunId run, ILogger logger) : IDisposable
{
    private readonly Dictionary<int, FileStream> open = [];
    private readonly ArrayBufferWriter<byte> json = new(4096), line = new(4096);
    private bool givenUp;

    /// <summary>Keeps a row.</summary>
    /// <param name="part">The number of the part that is to hold it.</param>
    /// <param name="row">The row.</param>
    public void Append(int part, ResultRow row)
    {
        if (givenUp)
            return;
        json.ResetWrittenCount();
        line.ResetWrittenCount();
        JsonLines.Write(json, row);
        HashedLine.Write(line, json.WrittenSpan);
        try
        {
            Open(part).Write(line.WrittenSpan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A journal only saves time: without it the run goes on, and a start after a power cut computes more again.
            givenUp = true;
            logger.JournalGivenUp(exception, run);
        }
    }

    /// <summary>The part is in the books: its journal is needed no more.</summary>
    public void Remove(int part)
    {
        if (!open.Remove(part, out var file))
            return;
        file.Dispose();
        new Journal(run, part, file.Name).Remove(logger);
    }

    /// <summary>Closes the files; those of parts that are not in the books stay for the next start.</summary>
    public void Dispose()
    {
        foreach (var file in open.Values)
            file.Dispose();
    }

    private FileStream Open(int part)
    {
        if (open.TryGetValue(part, out var file))
            return file;
        var path = journals.FileOf(run, part);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Unbuffered: each line is the system's at once, so that the death of the process loses none.
        return open[part] = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }
}
