namespace BatchInference.Documents.Extraction;

/// <summary>Gets the text out of documents of some formats. Thread-safe: one instance serves all readers.</summary>
public abstract class TextExtractor
{
    /// <summary>The media types it reads, as <see cref="MediaTypes"/> names them.</summary>
    public abstract IReadOnlyList<string> MediaTypes { get; }

    /// <summary>A number that grows when the same bytes would give another text; part of the fingerprint that decides whether a failed document is tried again.</summary>
    public abstract int Revision { get; }

    /// <summary>Gets the text of a whole document.</summary>
    /// <param name="content">The content, seekable, from its first byte; stays the caller's.</param>
    /// <param name="mediaType">One of <see cref="MediaTypes"/>, found by content.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="cancellationToken">Asks to stop; the time limit comes this way too.</param>
    /// <exception cref="DocumentException">There is no text to be had, and why.</exception>
    public abstract ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken);
}
