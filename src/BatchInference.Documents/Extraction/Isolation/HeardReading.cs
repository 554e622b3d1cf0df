using System.Text;
using System.Text.Json;
using BatchInference.Documents.Containers;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>A reading as a reading process tells it. It is not believed: a document may have taken the process over, and hashes and names become paths of files and keys of the books.</summary>
internal static class HeardReading
{
    private const int HashLength = 64;
    private const int LongestWord = 200;

    /// <summary>The reading; null when it is none that a process of ours gives.</summary>
    /// <param name="payload">JSON.</param>
    /// <param name="isGiven">True when its text was passed on before, so that it comes without one.</param>
    public static DocumentReading? Of(ReadOnlySpan<byte> payload, bool isGiven)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, FrameJson.Plain.DocumentReading) is { } reading && IsSound(reading, isGiven) ? reading : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            // No JSON, nested without end, half a surrogate, a null where there is none.
            return null;
        }
    }

    private static bool IsSound(DocumentReading reading, bool isGiven) =>
        !reading.Known && IsHash(reading.Sha256) && IsName(reading.Member) && IsWord(reading.MediaType) && reading.Bytes is null or >= 0 && IsComplete(reading.Identifiers) &&
        (reading.Text, reading.Failure) switch
        {
            ({ } text, null) => IsWord(text.MediaType) && IsWord(text.Language) && IsComplete(text.Metadata) && text.Pages is not null && text.Scanned?.All(page => page is not null) == true,
            (null, { } failure) => failure.Stage is "open" or "extract",
            (null, null) => isGiven,
            _ => false,
        };

    private static bool IsHash(string? hash) => hash is null || (hash.Length == HashLength && hash.All(char.IsAsciiHexDigitLower));

    private static bool IsName(string? name) =>
        name is null || ((name.StartsWith("!/", StringComparison.Ordinal) || name.StartsWith('#')) && Encoding.UTF8.GetByteCount(name) <= MemberNames.LongestPath && !name.Any(char.IsControl));

    private static bool IsWord(string? word) => word is null || (word.Length <= LongestWord && !word.Any(char.IsControl));

    // What is missing is null here, whatever stands in the declaration.
    private static bool IsComplete(IReadOnlyDictionary<string, string>? words) => words?.Values.All(word => word is not null) == true;
}
