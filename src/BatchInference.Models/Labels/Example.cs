using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Models.Labels;

/// <summary>A text whose label is known.</summary>
/// <param name="Text">What the model reads, as a document of its own.</param>
/// <param name="Label">Its label; null for a text that only belongs to the sample of the archive.</param>
public sealed record Example(string Text, string? Label)
{
    /// <summary>What belongs together (the same sentence in two languages, pages of one file) and is therefore never both trained on and measured; the text itself where the file tells nothing.</summary>
    public string Group { get; init; } = Text.Trim();

    /// <summary>ISO 639 code, if known.</summary>
    public string? Language { get; init; }

    /// <summary>File and line, for errors.</summary>
    public string Place { get; init; } = "";

    /// <summary>Lower-case hexadecimal SHA-256 over texts, labels and groups in their order.</summary>
    internal static string Hash(IEnumerable<Example> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in examples)
            foreach (var part in (ReadOnlySpan<string>)[example.Text, example.Label ?? "", example.Group])
                hash.AppendData(Encoding.UTF8.GetBytes($"{part.Length}:{part}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
