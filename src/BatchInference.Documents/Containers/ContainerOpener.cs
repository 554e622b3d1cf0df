using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Containers;

/// <summary>Opens documents that hold documents. Thread-safe: one instance serves all readers.</summary>
public abstract class ContainerOpener
{
    /// <summary>The media types it opens, as <see cref="Extraction.MediaTypes"/> names them.</summary>
    public abstract IReadOnlyList<string> MediaTypes { get; }

    /// <summary>A number that grows when the same bytes would give other members; part of the fingerprint that decides whether a failed document is tried again.</summary>
    public abstract int Revision { get; }

    /// <summary>Gives the members one after the other, in the order of the container; what is not read of one is skipped when the next is asked for.</summary>
    /// <param name="content">The content, seekable, from its first byte; stays the caller's.</param>
    /// <param name="source">What is known of it.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="DocumentException">The container is damaged, encrypted or over a limit, and why; members given before stay.</exception>
    public abstract IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken);
}

/// <summary>What is known of a container before it is opened.</summary>
/// <param name="Path">Its name, for what follows from it: <c>minutes.txt.gz</c> holds <c>minutes.txt</c>.</param>
/// <param name="MediaType">One of <see cref="ContainerOpener.MediaTypes"/>, found by content.</param>
/// <param name="Limits">What it may cost.</param>
/// <param name="Unfolded">To be told of bytes that are unfolded, by an opener whose members are read one after the other and skipped at a cost; may throw.</param>
public sealed record ContainerSource(string Path, string MediaType, ExtractionLimits Limits, Action<int> Unfolded);
