namespace BatchInference.Documents.Extraction;

/// <summary>What reading a document gave: exactly one of <see cref="Text"/> and <see cref="Failure"/>.</summary>
public sealed record DocumentReading
{
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
}

/// <summary>Why a document has no answer.</summary>
/// <param name="Stage">Where on its way it failed: <c>open</c>, <c>extract</c>, <c>split</c>, <c>infer</c>, <c>assemble</c>.</param>
/// <param name="Reason">One sentence for an official.</param>
/// <param name="Permanent">True when trying again as it is cannot help.</param>
public sealed record DocumentFailure(string Stage, string Reason, bool Permanent);
