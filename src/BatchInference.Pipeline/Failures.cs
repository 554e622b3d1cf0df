using BatchInference.Documents.Extraction;
namespace BatchInference.Pipeline;

/// <summary>Turns an exception that nobody foresaw into a document's failure.</summary>
internal static class Failures
{
    private const int LongestMessage = 300;

    /// <summary>A failure for an official: what failed, why, and that trying again may help where it may.</summary>
    /// <param name="stage">Where on its way the document failed.</param>
    /// <param name="exception">What was caught.</param>
    /// <param name="permanent">False when the surroundings may be the cause; an exception that speaks of memory, storage or time is never permanent.</param>
    public static DocumentFailure Of(string stage, Exception exception, bool permanent = true) => IsOutOfMemory(exception)
        ? new DocumentFailure(stage, "There was not enough memory for this document; it is tried again.", Permanent: false)
        : new DocumentFailure(stage, $"{What(stage)} failed: {Message(exception)}", permanent && exception is not (IOException or UnauthorizedAccessException or TimeoutException));

    private static bool IsOutOfMemory(Exception exception) =>
        exception is OutOfMemoryException
        || exception.Message.Contains("bad_alloc", StringComparison.Ordinal)
        || exception.Message.Contains("Failed to allocate memory", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase);

    private static string What(string stage) => stage switch
    {
        "split" => "Cutting the text into tokens",
        "infer" => "The model",
        "assemble" => "Putting the answers together",
        _ => "Reading the document",
    };

    private static string Message(Exception exception)
    {
        var line = exception.Message.ReplaceLineEndings(" ").Trim();
        return line.Length <= LongestMessage ? line : $"{line[..LongestMessage]}…";
    }
}
