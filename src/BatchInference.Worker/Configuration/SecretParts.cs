using System.Collections;
using System.Text.RegularExpressions;

namespace BatchInference.Worker.Configuration;

/// <summary>What of the variables and secret files must never be told: a secret as a whole, and the parts of it that libraries take out and quote.</summary>
internal static partial class SecretParts
{
    // Of an address these may be words that say nothing, such as v1 or hooks.
    private const int ShortestOfAnAddress = 8;

    /// <summary>All of them.</summary>
    /// <param name="environment">The variables of the process, and what the secret files hold.</param>
    public static IEnumerable<string> Of(IDictionary environment)
    {
        foreach (DictionaryEntry variable in environment)
        {
            if (variable is not { Key: string name, Value: string { Length: > 0 } value })
                continue;
            // A connection string of the ledger may come with its password, an address with a user's.
            foreach (Match part in Parts().Matches(value))
                yield return part.Groups["value"].Value;
            if (!SecretName().IsMatch(name))
                continue;
            yield return value;
            foreach (var part in name.EndsWith("_HEADERS", StringComparison.OrdinalIgnoreCase) ? value.Split(',').Select(header => header[(header.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim()) : [value])
            {
                yield return part;
                // Of "Bearer …" the second word.
                yield return Uri.UnescapeDataString(part).Split(' ')[^1];
            }

            if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
                foreach (var part in address.PathAndQuery.Split('/', '?', '&', '=').Append(address.PathAndQuery).Where(part => part.Length >= ShortestOfAnAddress))
                    yield return part;
        }
    }

    [GeneratedRegex("(KEY|SECRET|PASSWORD|TOKEN|CONNECTION_STRING|HEADERS|AUTHORIZATION|WEBHOOK_URL)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("(?:\\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)\\s*=\\s*(?<value>[^;&\\s]+))|(?:://[^/@\\s:]+:(?<value>[^/@\\s]+)@)", RegexOptions.IgnoreCase)]
    private static partial Regex Parts();
}
