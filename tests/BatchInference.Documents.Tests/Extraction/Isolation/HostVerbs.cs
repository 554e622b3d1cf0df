namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>What this program is when it reads documents for its own tests.</summary>
internal static class HostVerbs
{
    /// <summary>Reads all formats.</summary>
    public const string Standard = "standard-host";

    /// <summary>Does what documents tell it to: <see cref="HostileExtractor"/>.</summary>
    public const string Hostile = "hostile-host";

    /// <summary>Says what documents tell it to: <see cref="LyingHost"/>.</summary>
    public const string Lying = "lying-host";
}
