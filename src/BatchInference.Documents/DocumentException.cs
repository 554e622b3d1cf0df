namespace BatchInference.Documents;

/// <summary>Says, in words for an official, why a document has no text. The run goes on without it.</summary>
/// <param name="reason">One whole sentence that names the cause and, where there is one, the remedy.</param>
/// <param name="permanent">
/// True when the document itself is the cause (encrypted, damaged, empty, over a limit): trying again helps only when the document or what reads it changes.
/// False when the surroundings are (permission, storage, time-out, memory).
/// </param>
/// <param name="innerException">What was caught, if anything was.</param>
public sealed class DocumentException(string reason, bool permanent, Exception? innerException = null) : Exception(reason, innerException)
{
    /// <summary>True when the document itself is the cause, so that trying again as it is cannot help.</summary>
    public bool Permanent { get; } = permanent;
}
