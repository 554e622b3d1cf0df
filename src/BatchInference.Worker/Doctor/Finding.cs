namespace BatchInference.Worker.Doctor;

/// <summary>What was looked at, what was found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Good">False when it would stop a night, or give away a secret.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do; null when there is nothing, or when what was found tells it.</param>
internal sealed record Finding(string Check, bool Good, string Found, string? Remedy)
{
    /// <summary>True for what <c>doctor --fix</c> did just now.</summary>
    public bool Fixed { get; init; }

    public static Finding Of(string check, string error) => new(check, false, error.ReplaceLineEndings(" "), null);

    public static Finding Done(string check, string what) => new(check, true, what, null) { Fixed = true };
}
