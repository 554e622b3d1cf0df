namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>How scanned pages are read.</summary>
public sealed record OcrOptions
{
    /// <summary>Whether they are.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Languages by Tesseract's names, the likeliest first; those whose data are not installed are left out.</summary>
    public IReadOnlyList<string> Languages { get; init; } = ["fra", "eng"];

    /// <summary>Dots per inch that a PDF page is drawn with.</summary>
    public int Dpi { get; init; } = 300;

    /// <summary>Longest time for one page; a document may take as much longer as it has scanned pages.</summary>
    public TimeSpan PageTime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Pages of one document that are read at once.</summary>
    public int PagesAtOnce { get; init; } = 2;

    /// <summary>The folder of <c>tesseract</c> and <c>pdftoppm</c>; null to look along <c>PATH</c>.</summary>
    public string? Tools { get; init; }
}
