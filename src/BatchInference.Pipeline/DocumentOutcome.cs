using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>What became of one document: one of these leaves the loops for each document that entered them.</summary>
/// <param name="Path">The document.</param>
/// <param name="Version">Its version as listed.</param>
/// <param name="Kind">What became of it.</param>
internal sealed record DocumentOutcome(string Path, string Version, OutcomeKind Kind)
{
    /// <summary>SHA-256 of the content; null where it could not be read.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The row; null where there is none to be written.</summary>
    public ResultRow? Row { get; init; }

    /// <summary>Why there is no answer, when there is none.</summary>
    public DocumentFailure? Failure { get; init; }

    /// <summary>The extracted text, where it is to be kept.</summary>
    public string? Text { get; init; }
}

internal enum OutcomeKind
{
    /// <summary>All tasks answered.</summary>
    Completed,

    /// <summary>Some tasks answered.</summary>
    Partial,

    /// <summary>No answer, and trying again as it is cannot help.</summary>
    Failed,

    /// <summary>No answer this time.</summary>
    Temporary,

    /// <summary>The content is what the last row speaks of.</summary>
    Unchanged,
}
