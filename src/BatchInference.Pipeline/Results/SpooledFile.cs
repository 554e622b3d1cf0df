using System.Security.Cryptography;

namespace BatchInference.Pipeline.Results;

/// <summary>A file written to the local disk before a store takes it whole, so that its length and hash are known and nobody sees half of it. Gone when disposed.</summary>
public sealed class SpooledFile : IAsyncDisposable
{
    private readonly FileStream content;

    private SpooledFile(FileStream content, string sha256)
    {
        this.content = content;
        Sha256 = sha256;
    }

    /// <summary>Of the content, in lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>Length in bytes.</summary>
    public long Length => content.Length;

    /// <summary>The content, to be read from its first byte; each call rewinds it.</summary>
    public Stream Content
    {
        get
        {
            content.Position = 0;
            return content;
        }
    }

    /// <summary>Writes a file into the folder for temporary files.</summary>
    public static async Task<SpooledFile> WriteAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var content = new FileStream(Path.GetTempFileName(), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        });
        try
        {
            await write(content, cancellationToken);
            content.Position = 0;
            return new SpooledFile(content, Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)));
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => content.DisposeAsync();
}
