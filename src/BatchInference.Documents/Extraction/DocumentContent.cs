using System.Security.Cryptography;

namespace BatchInference.Documents.Extraction;

/// <summary>The bytes of one document, read once: in memory while small, else in a temporary file that is gone with it.</summary>
internal sealed class DocumentContent : IDisposable
{
    private DocumentContent(Stream stream, string sha256)
    {
        Stream = stream;
        Sha256 = sha256;
        Length = stream.Length;
    }

    /// <summary>Seekable.</summary>
    public Stream Stream { get; }

    public string Sha256 { get; }

    public long Length { get; }

    public void Dispose() => Stream.Dispose();

    /// <summary>Why a document is not even opened: it is longer than any limit; null when it is not.</summary>
    public static DocumentException? Refusal(Document document, ExtractionLimits limits) =>
        document.Length > Math.Max(limits.Bytes, limits.ContainerBytes) ? Over(limits.Bytes, "Limits:Megabytes") : null;

    /// <summary>Reads a listed document.</summary>
    /// <exception cref="DocumentException">The document is over the limit.</exception>
    public static async Task<DocumentContent> ReadAsync(Document document, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        // Of what is larger than the one limit the first bytes must tell whether it holds documents, which have a limit of their own.
        if (Refusal(document, limits) is { } refusal) throw refusal;
        using var spool = new Spool(document.Length ?? 0, limits);
        await using var source = await document.OpenAsync(cancellationToken);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)) > 0)
            spool.Write(buffer.AsSpan(0, read));
        return spool.Complete();
    }

    /// <summary>Reads a document inside a document.</summary>
    /// <param name="source">Its content; stays the caller's.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="counted">Hears how much was read; may throw.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="DocumentException">The document is over the limit.</exception>
    public static DocumentContent Read(Stream source, ExtractionLimits limits, Action<int> counted, CancellationToken cancellationToken)
    {
        using var spool = new Spool(0, limits);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            counted(read);
            spool.Write(buffer.AsSpan(0, read));
        }

        return spool.Complete();
    }

    private static DocumentException Over(long limit, string key) =>
        new($"The document is larger than {limit / (1024 * 1024)} MB, the limit of the configuration ({key}).", permanent: true);

    private sealed class Spool : IDisposable
    {
        private const int MostInMemory = 8 * 1024 * 1024;

        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly ExtractionLimits limits;
        private Stream? target;
        private long most;

        public Spool(long expected, ExtractionLimits limits)
        {
            this.limits = limits;
            most = limits.Bytes;
            target = new MemoryStream((int)Math.Clamp(expected, 0, MostInMemory));
        }

        // The first block is as long as it can be: its type decides which limit holds.
        public void Write(ReadOnlySpan<byte> bytes)
        {
            if (target!.Length == 0 && MediaTypeDetection.MayHoldDocuments(bytes)) most = Math.Max(limits.Bytes, limits.ContainerBytes);
            if (target.Length + bytes.Length > most) throw most == limits.Bytes ? Over(most, "Limits:Megabytes") : Over(most, "Limits:ContainerMegabytes");
            if (target is MemoryStream small && small.Length + bytes.Length > MostInMemory)
            {
                target = TemporaryCopy.Write(TemporaryFile);
                using (small) Copied(small.GetBuffer().AsSpan(0, (int)small.Length));
            }

            hash.AppendData(bytes);
            Copied(bytes);
        }

        public DocumentContent Complete()
        {
            var stream = target!;
            // What the stream still holds is written now.
            TemporaryCopy.Write(() => stream.Position = 0);
            target = null;
            return new DocumentContent(stream, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }

        public void Dispose()
        {
            target?.Dispose();
            hash.Dispose();
        }

        private void Copied(ReadOnlySpan<byte> bytes)
        {
            try
            {
                target!.Write(bytes);
            }
            catch (Exception error) when (TemporaryCopy.IsFailure(error))
            {
                throw TemporaryCopy.Failed(error);
            }
        }

        private static FileStream TemporaryFile() => new(Path.GetTempFileName(), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.DeleteOnClose,
        });
    }
}
