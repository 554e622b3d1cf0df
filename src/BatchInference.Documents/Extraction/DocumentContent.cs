using System.Security.Cryptography;

namespace BatchInference.Documents.Extraction;

/// <summary>The bytes of one document, read once: in memory while small, else in a temporary file that is gone with it.</summary>
internal sealed class DocumentContent : IDisposable
{
    private const int MostInMemory = 8 * 1024 * 1024;

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

    /// <exception cref="DocumentException">The document is over the limit.</exception>
    public static async Task<DocumentContent> ReadAsync(Document document, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        RefuseOver(document.Length ?? 0, limits);
        await using var source = await document.OpenAsync(cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Stream target = new MemoryStream((int)Math.Clamp(document.Length ?? 0, 0, MostInMemory));
        try
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                RefuseOver(target.Length + read, limits);
                if (target is MemoryStream small && small.Length + read > MostInMemory)
                {
                    target = TemporaryFile();
                    small.Position = 0;
                    await small.CopyToAsync(target, cancellationToken);
                    await small.DisposeAsync();
                }

                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            target.Position = 0;
            return new DocumentContent(target, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    private static FileStream TemporaryFile() => new(Path.GetTempFileName(), new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
    });

    private static void RefuseOver(long length, ExtractionLimits limits)
    {
        if (length > limits.Bytes)
            throw new DocumentException($"The document is larger than {limits.Bytes / (1024 * 1024)} MB, the limit of the configuration (Limits:Megabytes).", permanent: true);
    }
}
