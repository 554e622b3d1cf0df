namespace BatchInference.Models.Labels;

/// <summary>What a label may be called: its name becomes a value of columns and a key of JSON.</summary>
internal static class LabelName
{
    private const int Longest = 100;

    /// <summary>What is wrong with a name; null when nothing is.</summary>
    public static string? Fault(string name) =>
        name.Length == 0 ? "a name is not empty"
        : name.Length > Longest ? $"a name has at most {Longest} characters"
        : name != name.Trim() ? "a name has no blanks at its ends"
        : name.Any(char.IsControl) ? "a name has no control characters"
        : null;
}
