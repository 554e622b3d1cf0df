namespace BatchInference.Documents.Extraction;

/// <summary>Puts what was caught into words for an official.</summary>
internal static class FailureReasons
{
    public static DocumentFailure Reading(Exception error, ExtractionLimits limits) => error switch
    {
        DocumentException known => new("open", known.Message, known.Permanent),
        OperationCanceledException => new("open", $"The storage did not deliver the document within {limits.Time.TotalSeconds:0} seconds.", false),
        UnauthorizedAccessException => new("open", "Permission denied: the account of the service may not read the document.", false),
        FileNotFoundException or DirectoryNotFoundException => new("open", "The document was removed after it was listed.", false),
        OutOfMemoryException => new("open", "There was not enough memory to read the document.", false),
        _ => new("open", $"The document cannot be read: {OneLine(error.Message)}", false),
    };

    public static DocumentFailure Extraction(Exception error, string type, ExtractionLimits limits) => error switch
    {
        PassedOverException passed => passed.Failure,
        DocumentException known => new("extract", known.Message, known.Permanent),
        OperationCanceledException => new("extract", $"The text could not be got within {limits.Time.TotalSeconds:0} seconds, the limit of the configuration (Limits:Seconds).", false),
        OutOfMemoryException => new("extract", "There was not enough memory to get the text.", false),
        InsufficientExecutionStackException => new("extract", $"The {Name(type)} is nested too deeply to be read.", true),
        _ => new("extract", $"The {Name(type)} is damaged: {OneLine(error.Message)}", true),
    };

    /// <summary>Why members of a container were not read, or not all of them.</summary>
    public static DocumentFailure Container(Exception error, string type, ExtractionLimits limits) => error is Containers.UnfoldingException
        ? new("extract", $"The {Name(type)} was read no further: {error.Message}", true)
        : Extraction(error, type, limits);

    public static string Unread(string type, string path)
    {
        var extension = Path.GetExtension(path);
        var named = extension.Length > 1 && !MediaTypes.Fits(type, extension) ? $", named {extension}" : "";
        return type == MediaTypes.Unknown
            ? $"The type of the file{(named.Length > 0 ? " (" + extension + ")" : "")} is not known: it is neither text nor a document format that is read."
            : $"The file is {MediaTypes.Article(type)}{named}; this type is not read.";
    }

    private static string Name(string type) => type.Length == 0 ? "document" : MediaTypes.Name(type);

    public static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return line.Length <= 200 ? line : line[..200] + "…";
    }
}
