using System.Security.Cryptography;
using System.Text;
using BatchInference.Pipeline.Results.RowFormats;
using Polly;

namespace BatchInference.Pipeline.Results;

/// <summary>Creates the files of parts: first the JSON lines, which are the commit, then what derives from them.</summary>
/// <param name="sink">Where.</param>
/// <param name="pipeline">How an operation of the sink is tried again.</param>
internal sealed class PartPublisher(ResultSink sink, ResiliencePipeline pipeline)
{
    private const int TextHashDigits = 16;

    // By name, for the manifest: two a part, some hundred parts a night.
    private readonly Dictionary<string, StoredFile> derived = new(StringComparer.Ordinal);

    /// <summary>Creates a part.</summary>
    /// <param name="part">Its place; the figures are filled in.</param>
    /// <param name="rows">Its rows, sorted by document.</param>
    /// <param name="header">The run's formats and columns.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>The part and its rows. When a part of that name was there first, whole and ours, these are its rows: it is adopted in place of this work.</returns>
    public async Task<(PartRecord Part, IReadOnlyList<ResultRow> Rows)> PublishAsync(
        PartRecord part, IReadOnlyList<ResultRow> rows, RunHeader header, CancellationToken cancellationToken)
    {
        var name = PartNames.Of(PartNames.Jsonl, part);
        var created = await CreateAsync(name, (stream, token) => JsonLines.WriteAsync(stream, rows.ToAsyncEnumerable(), token), cancellationToken);
        if (created is null)
            (part, rows) = await ReadAsync(name, part, cancellationToken);
        else
            part = part with { Rows = rows.Count, Bytes = created.Bytes, Sha256 = created.Sha256 };
        await DeriveAsync(part, rows, header, cancellationToken);
        return (part, rows);
    }

    /// <summary>Reads a whole part back.</summary>
    /// <exception cref="InvalidDataException">It is not whole, or another run's.</exception>
    public async Task<(PartRecord Part, IReadOnlyList<ResultRow> Rows)> ReadAsync(string name, PartRecord part, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(name, cancellationToken) ?? throw new InvalidDataException($"{name} is gone.");
        var hash = new HashingStream(Stream.Null);
        await using (hash)
        {
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, cancellationToken);
            await hash.WriteAsync(content.GetBuffer().AsMemory(0, (int)content.Length), cancellationToken);
            if (content.Length == 0 || content.GetBuffer()[content.Length - 1] != '\n')
                throw new InvalidDataException($"{name} does not end with a whole line.");
            content.Position = 0;
            var rows = await JsonLines.ReadAsync(content, cancellationToken).ToListAsync(cancellationToken);
            if (rows.Find(row => row.Run != part.Run.ToString()) is { } foreign)
                throw new InvalidDataException($"{name} holds a row of run {foreign.Run}.");
            return (part with { Rows = rows.Count, Bytes = hash.Length, Sha256 = hash.Sha256() }, rows);
        }
    }

    /// <summary>Creates the files that derive from a part, where they are missing; gives the names of those created.</summary>
    public async Task<IReadOnlyList<string>> DeriveAsync(PartRecord part, IReadOnlyList<ResultRow> rows, RunHeader header, CancellationToken cancellationToken)
    {
        var made = new List<string>();
        foreach (var (format, write) in Derived(header))
            if (await CreateAsync(PartNames.Of(format, part), (stream, token) => write(stream, rows.ToAsyncEnumerable(), token), cancellationToken) is { } file)
            {
                derived[file.Name] = file;
                made.Add(file.Name);
            }

        return made;
    }

    /// <summary>A file that derives from a part, as it was created; one that another process created is read. Null where there is none.</summary>
    public async Task<StoredFile?> DerivedAsync(string name, CancellationToken cancellationToken) =>
        derived.GetValueOrDefault(name) ?? await pipeline.ExecuteAsync(async token =>
        {
            await using var stream = await sink.OpenAsync(name, token);
            return stream is null ? null : await HashAsync(name, stream, token);
        }, cancellationToken);

    /// <summary>Length and hash of what a stream still has.</summary>
    public static async Task<StoredFile> HashAsync(string name, Stream stream, CancellationToken cancellationToken)
    {
        await using var hashing = new HashingStream(stream);
        await hashing.CopyToAsync(Stream.Null, cancellationToken);
        return new StoredFile(name, hashing.Length, hashing.Sha256());
    }

    /// <summary>The hash of a file that derives from a part, as this program makes it.</summary>
    public static async Task<string> HashAsync(Func<Stream, IAsyncEnumerable<ResultRow>, CancellationToken, Task> write, IReadOnlyList<ResultRow> rows, CancellationToken cancellationToken)
    {
        await using var hashing = new HashingStream(Stream.Null);
        await write(hashing, rows.ToAsyncEnumerable(), cancellationToken);
        return hashing.Sha256();
    }

    /// <summary>Keeps an extracted text under its document's hash. The same bytes give another text under another name or with other settings; it lies beside the one that was there first.</summary>
    /// <returns>The file that holds the text.</returns>
    public async Task<string> KeepTextAsync(string sha256, string text, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var ofText = Convert.ToHexStringLower(SHA256.HashData(bytes));
        // All of its hash only where a file of the name with the beginning does not hold what it says.
        string[] names = [PartNames.Text(sha256), PartNames.Text(sha256, ofText[..TextHashDigits]), PartNames.Text(sha256, ofText)];
        foreach (var name in names)
            if (await CreateAsync(name, (stream, token) => stream.WriteAsync(bytes, token).AsTask(), cancellationToken) is not null || await HoldsAsync(name, bytes, cancellationToken))
                return name;
        throw new IOException($"Neither {string.Join(" nor ", names)} holds the text that was written to it. Restore these files, or move them away.");
    }

    private async Task<bool> HoldsAsync(string name, byte[] bytes, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(name, cancellationToken);
        if (stream is null)
            return false;
        var held = new byte[bytes.Length + 1];
        return await stream.ReadAtLeastAsync(held, held.Length, throwOnEndOfStream: false, cancellationToken) == bytes.Length && held.AsSpan(0, bytes.Length).SequenceEqual(bytes);
    }

    public Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        pipeline.ExecuteAsync(async token => await sink.CreateAsync(name, write, token), cancellationToken).AsTask();

    public Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken) =>
        pipeline.ExecuteAsync(async token => await sink.OpenAsync(name, token), cancellationToken).AsTask();

    /// <summary>Removes a part that nobody recorded, with what derives from it.</summary>
    public async Task RemoveAsync(PartRecord part, CancellationToken cancellationToken)
    {
        foreach (var format in new[] { PartNames.Parquet, PartNames.Csv, PartNames.Jsonl })
            await pipeline.ExecuteAsync(async token => await sink.DeleteAsync(PartNames.Of(format, part), token), cancellationToken);
    }

    /// <summary>The formats that a run writes beside the JSON lines, by the name of their folder.</summary>
    public static IEnumerable<(string Format, Func<Stream, IAsyncEnumerable<ResultRow>, CancellationToken, Task> Write)> Derived(RunHeader header)
    {
        if (header.Formats.Parquet)
            yield return (PartNames.Parquet, (stream, rows, token) => ParquetRows.WriteAsync(stream, header.Columns(), rows, token));
        if (header.Formats.Csv is { } csv)
            yield return (PartNames.Csv, (stream, rows, token) => CsvRows.WriteAsync(stream, header.Columns(), csv, rows, token));
    }
}
