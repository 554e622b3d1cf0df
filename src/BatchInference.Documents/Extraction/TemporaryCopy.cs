namespace BatchInference.Documents.Extraction;

/// <summary>Copies of documents in the folder of temporary files. What goes wrong with one is the machine's failure, not the document's.</summary>
internal static class TemporaryCopy
{
    /// <summary>Makes or writes one.</summary>
    /// <exception cref="DocumentException">It cannot be written, for now, and why.</exception>
    public static T Write<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw Failed(error);
        }
    }

    /// <summary>True for what the file system says.</summary>
    public static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>What to throw in its place.</summary>
    public static DocumentException Failed(Exception error) =>
        new($"A temporary copy of the document cannot be written to {Path.GetTempPath()}: {FailureReasons.OneLine(error.Message).TrimEnd('.')}. Make room there, or let the account of the service write there; then the document is tried again.", permanent: false, error);
}
