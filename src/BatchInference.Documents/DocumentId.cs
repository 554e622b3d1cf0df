namespace BatchInference.Documents;

/// <summary>Names one state of one document of a source.</summary>
/// <param name="Path">The path in the source, with <c>/</c>; a document inside a container is <c>mails.zip!/letter.eml</c>. Unique in its source.</param>
/// <param name="Version">What changes when the content may have changed and costs nothing to list: an ETag, or size and time of a file.</param>
public readonly record struct DocumentId(string Path, string Version)
{
    /// <inheritdoc/>
    public override string ToString() => Path;
}
