namespace BatchInference.Documents.Extraction;

/// <summary>Writes tables as text: a row a line, cells parted by <c> | </c>, without the empty ones at its end and without empty rows.</summary>
internal sealed class SheetBuilder(TextBuilder text)
{
    private const int MostCells = 2000;

    private int pending;
    private bool any;

    /// <summary>Begins a sheet; its name becomes a paragraph.</summary>
    public void BeginSheet(string? name)
    {
        text.EndParagraph();
        text.Append(name);
        text.EndParagraph();
    }

    /// <summary>Adds a cell to the row.</summary>
    public void Cell(ReadOnlySpan<char> value)
    {
        if (!value.IsWhiteSpace())
        {
            for (var left = any ? Math.Max(1, pending) : 0; left > 0; left--) text.Append(" | ");
            (any, pending) = (true, 0);
            text.Append(value);
        }

        if (any && pending < MostCells) pending++;
    }

    /// <summary>Ends the row.</summary>
    public void EndRow()
    {
        text.EndLine();
        (any, pending) = (false, 0);
    }
}
