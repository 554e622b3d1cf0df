namespace BatchInference.Models.Labels;

/// <summary>A label set, its examples or its trained head cannot be used. Each error names the file, the place in it, the value and the remedy.</summary>
public sealed class LabelSetException : Exception
{
    private const int Shown = 25;

    /// <summary>One error.</summary>
    public LabelSetException(string error)
        : this([error])
    {
    }

    /// <summary>All errors of a file.</summary>
    public LabelSetException(IReadOnlyList<string> errors)
        : base(Text(errors)) => Errors = errors;

    /// <summary>One error with what caused it.</summary>
    public LabelSetException(string error, Exception cause)
        : base(error, cause) => Errors = [error];

    public LabelSetException()
        : this("The label set cannot be used.")
    {
    }

    /// <summary>The errors in the order of the file.</summary>
    public IReadOnlyList<string> Errors { get; }

    // A file of a million wrong lines is told of in a screenful.
    private static string Text(IReadOnlyList<string> errors) => errors.Count <= Shown
        ? string.Join('\n', errors)
        : string.Join('\n', errors.Take(Shown)) + $"\n… and {errors.Count - Shown} more errors of this kind.";
}
