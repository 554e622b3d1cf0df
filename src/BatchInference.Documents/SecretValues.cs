using System.Buffers;

namespace BatchInference.Documents;

/// <summary>
/// The secrets that this process was given, so that no text holds one when it is told or written, whoever made that text: a library's exception may quote what it was given.
/// One for the process, as standard error is; it only ever grows, since an exception may be older than the secret that replaced another.
/// </summary>
public static class SecretValues
{
    /// <summary>What stands in a text in the place of a secret.</summary>
    public const string Blot = "[secret]";

    // A shorter value would blot out half of what is said, and is none.
    private const int Shortest = 4;

    private static readonly Lock Growing = new();
    private static volatile Known known = new([]);

    /// <summary>Remembers values, as they are and as addresses and JSON spell them.</summary>
    public static void Keep(IEnumerable<string> values)
    {
        lock (Growing)
        {
            var all = values.SelectMany(Spellings).Where(value => value.Length >= Shortest).Concat(known.Values).Distinct(StringComparer.Ordinal).ToArray();
            if (all.Length > known.Values.Length)
                known = new Known(all);
        }
    }

    /// <summary>True when the text holds a secret.</summary>
    public static bool AreIn(string text) => known is { Values.Length: > 0 } now && text.AsSpan().ContainsAny(now.Any);

    /// <summary>The text without the secrets.</summary>
    public static string BlotOut(string text)
    {
        if (!AreIn(text))
            return text;
        foreach (var value in known.Values)
            text = text.Replace(value, Blot, StringComparison.Ordinal);
        return text;
    }

    private static IEnumerable<string> Spellings(string value) =>
        [value, Uri.EscapeDataString(value), Uri.UnescapeDataString(value), System.Text.Json.JsonEncodedText.Encode(value).ToString()];

    private sealed class Known(string[] values)
    {
        // A part of another comes after it: nothing of the longer one is to stay.
        public string[] Values { get; } = [.. values.OrderByDescending(value => value.Length)];

        public SearchValues<string> Any { get; } = SearchValues.Create(values, StringComparison.Ordinal);
    }
}
