namespace BatchInference.Documents.Extraction;

/// <summary>A page whose text was read from its picture.</summary>
/// <param name="Page">Counted from 1.</param>
/// <param name="Confidence">How sure the reading is, in [0, 1]; 0 where nothing was read.</param>
/// <param name="Error">Why the page could not be read; null when it was.</param>
public sealed record ScannedPage(int Page, double Confidence, string? Error = null);
