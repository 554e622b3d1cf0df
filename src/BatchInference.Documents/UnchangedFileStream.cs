namespace BatchInference.Documents;

/// <summary>A file that is read as a document; its end is only told when the file is still the one that was listed.</summary>
/// <param name="file">The file.</param>
/// <param name="unchanged">True while it is.</param>
internal sealed class UnchangedFileStream(FileStream file, Func<bool> unchanged) : ContentStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await file.ReadAsync(buffer, cancellationToken) is var read && (read > 0 || buffer.Length == 0 || unchanged())
            ? read
            : throw new DocumentException("The file changed while it was listed or read, as if it was still being written; a later run reads it whole.", permanent: false);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }
}
