namespace BatchInference.Documents.Extraction;

/// <summary>The text of one document, as every later stage sees it; all offsets of the program point into <see cref="Text"/>.</summary>
/// <param name="Text">The text in UTF-16, without lone surrogates, paragraphs parted by a blank line, lines by <c>\n</c>.</param>
/// <param name="MediaType">The type found by content, such as <c>application/pdf</c>.</param>
public sealed record ExtractedText(string Text, string MediaType)
{
    /// <summary>Where each page lies in <see cref="Text"/>, in order and without overlap; empty where the format has no pages.</summary>
    public IReadOnlyList<TextPage> Pages { get; init; } = [];

    /// <summary>The language as ISO 639-1, else 639-3; null when the text is too short or too mixed to tell.</summary>
    public string? Language { get; init; }

    /// <summary>What the document says of itself: <c>title</c>, <c>author</c>, <c>subject</c>, <c>created</c>, <c>modified</c> …; as it is written there.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = NoMetadata;

    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    /// <summary>The same text with what the document says of itself.</summary>
    internal ExtractedText With(IReadOnlyDictionary<string, string> metadata) => this with { Metadata = metadata };

    /// <summary>The pages that were read from their pictures, in order; empty where none was.</summary>
    public IReadOnlyList<ScannedPage> Scanned { get; init; } = [];

    /// <summary>The pages that its extractor leaves to be read from their pictures.</summary>
    internal IReadOnlyList<Ocr.ScanPage> Scans { get; init; } = [];

    /// <summary>The number of the page that holds the character at <paramref name="start"/> (a UTF-16 offset); null where there are no pages.</summary>
    public int? PageAt(int start)
    {
        var low = 0;
        var high = Pages.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var page = Pages[middle];
            if (start < page.Start) high = middle - 1;
            else if (start >= page.Start + page.Length) low = middle + 1;
            else return page.Number;
        }

        return null;
    }
}

/// <summary>One page as a range of the text.</summary>
/// <param name="Number">Counted from 1, as a reader counts.</param>
/// <param name="Start">UTF-16 offset of its first character.</param>
/// <param name="Length">Length in UTF-16 units.</param>
public readonly record struct TextPage(int Number, int Start, int Length);
