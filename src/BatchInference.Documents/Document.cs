namespace BatchInference.Documents;

/// <summary>One document as its source lists it: known by name and version, not yet opened.</summary>
/// <param name="id">The name and the listed version.</param>
/// <param name="length">The length in bytes, where the listing tells it.</param>
/// <param name="open">Opens the content for one reader, from its first byte; each call gives a new stream.</param>
public sealed class Document(DocumentId id, long? length, Func<CancellationToken, ValueTask<Stream>> open)
{
    /// <summary>The name and the listed version.</summary>
    public DocumentId Id { get; } = id;

    /// <summary>The length in bytes, where the listing tells it.</summary>
    public long? Length { get; } = length;

    /// <summary>Opens the content, from its first byte.</summary>
    /// <exception cref="DocumentException">The content cannot be had; the exception says whether trying again can help.</exception>
    public ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) => open(cancellationToken);
}
