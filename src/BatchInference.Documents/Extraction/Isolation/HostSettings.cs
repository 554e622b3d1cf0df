using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>What a process that reads documents is told when it starts.</summary>
/// <param name="Limits">What a document may cost.</param>
/// <param name="Tools">What reads scanned pages.</param>
/// <param name="Fields">Where the job's records have their texts.</param>
/// <param name="Memory">Most memory, in bytes.</param>
public sealed record HostSettings(ExtractionLimits Limits, OcrTools Tools, ContentFields Fields, long Memory);
