using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline.Resume;

/// <summary>What a dead process left of a part.</summary>
/// <param name="Run">Whose.</param>
/// <param name="Part">The number under which the part was to be published.</param>
/// <param name="Path">The file.</param>
internal sealed record Journal(RunId Run, int Part, string Path)
{
    /// <summary>The rows as the part would have them, up to the first line that is torn or not this run's.</summary>
    public async Task<IReadOnlyList<ResultRow>> ReadAsync(CancellationToken cancellationToken)
    {
        using var whole = WholeLines(await File.ReadAllBytesAsync(Path, cancellationToken));
        var rows = new SortedDictionary<string, ResultRow>(StringComparer.Ordinal);
        await foreach (var row in JsonLines.ReadAsync(whole, cancellationToken))
        {
            if (row.Run != Run.ToString())
                break;
            rows[row.Document] = row;
        }

        return [.. rows.Values];
    }

    /// <summary>Removes the file; one that stays is removed by a later start.</summary>
    public void Remove(ILogger logger)
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.JournalStayed(exception, Path);
        }
    }

    private static MemoryStream WholeLines(ReadOnlySpan<byte> content)
    {
        var whole = new MemoryStream(content.Length);
        while (HashedLine.TryRead(content, out var json, out var length))
        {
            whole.Write(json);
            whole.WriteByte((byte)'\n');
            content = content[length..];
        }

        whole.Position = 0;
        return whole;
    }
}
