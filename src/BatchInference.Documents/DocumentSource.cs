namespace BatchInference.Documents;

/// <summary>A place that holds documents: a folder, a container, a bucket.</summary>
public abstract class DocumentSource
{
    /// <summary>What an admin recognises it by, without secrets: a full path or an address.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// Lists every document once, in ordinal order of <see cref="DocumentId.Path"/> (a storage: in its own, which is that of the names' UTF-8 bytes), holding neither contents nor the whole list in memory.
    /// </summary>
    /// <exception cref="IOException">The source cannot be listed: the run cannot go on.</exception>
    public abstract IAsyncEnumerable<Document> ListAsync(CancellationToken cancellationToken);

    /// <summary>A document that another process listed from the same place. Asks nothing: what is no longer as it was listed shows when it is opened.</summary>
    /// <param name="id">As it was listed.</param>
    /// <param name="length">As it was listed.</param>
    public abstract Document Listed(DocumentId id, long? length);
}
