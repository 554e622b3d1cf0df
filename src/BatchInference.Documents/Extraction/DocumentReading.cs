namespace BatchInference.Documents.Extraction;

/// <summary>What reading a document, or a document inside it, gave: exactly one of <see cref="Text"/> and <see cref="Failure"/>, unless it is <see cref="Known"/>.</summary>
public sealed record DocumentReading
{
    /// <summary>What follows the listed document's name: <c>!/letters.zip!/1.txt</c>, <c>#12</c>; null for the listed document itself.</summary>
    public string? Member { get; init; }

    /// <summary>As <see cref="Sha256"/>, of the listed document.</summary>
    public string? ListedSha256 { get; init; }

    /// <summary>True when the content of the listed document is known already, so that it was not read further.</summary>
    public bool Known { get; init; }

    /// <summary>SHA-256 of the bytes in lower-case hexadecimal, also when they hold no text; null when they could not be read whole.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Length of the content; null when it could not be read whole.</summary>
    public long? Bytes { get; init; }

    /// <summary>The type found by content; null when the content could not be read.</summary>
    public string? MediaType { get; init; }

    /// <summary>The text.</summary>
    public ExtractedText? Text { get; init; }

    /// <summary>Why there is none.</summary>
    public DocumentFailure? Failure { get; init; }

    /// <summary>What a container says of its member: identifiers, a title.</summary>
    public IReadOnlyDictionary<string, string> Identifiers { get; init; } = Containers.Member.NoIdentifiers;
}

/// <summary>Why a document has no answer.</summary>
/// <param name="Stage">Where on its way it failed: <c>open</c>, <c>extract</c>, <c>split</c>, <c>infer</c>, <c>assemble</c>.</param>
/// <param name="Reason">One sentence for an official.</param>
/// <param name="Permanent">True when trying again as it is cannot help.</param>
public sealed record DocumentFailure(string Stage, string Reason, bool Permanent)
{
    // It goes into rows, and often is what a library said.
    public string Reason { get; } = SecretValues.BlotOut(Reason);
}
