namespace BatchInference.Documents.Containers;

/// <summary>A document inside a document.</summary>
/// <param name="Name">As the container names it; made safe and unique by who reads it.</param>
/// <param name="Open">Opens its content from its first byte, once, before the next member is asked for. May throw <see cref="DocumentException"/>: then this member alone has failed.</param>
public sealed record Member(string Name, Func<Stream> Open)
{
    /// <summary>The type, where the container decides it; null to find it by content.</summary>
    public string? MediaType { get; init; }

    /// <summary>True for a record of its container, named <c>file.jsonl#12</c>; false for a file in it, named <c>mails.zip!/letter.eml</c>.</summary>
    public bool IsRecord { get; init; }

    /// <summary>True when its opener counts what it unfolds to.</summary>
    public bool IsCounted { get; init; }

    /// <summary>What the container says of it and its own content does not: identifiers, a title.</summary>
    public IReadOnlyDictionary<string, string> Identifiers { get; init; } = NoIdentifiers;

    internal static IReadOnlyDictionary<string, string> NoIdentifiers { get; } = new Dictionary<string, string>();
}
