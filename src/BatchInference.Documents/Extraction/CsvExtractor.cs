using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>CSV in any of the usual dialects (RFC 4180, with <c>;</c> or tab): a row a line, headers first.</summary>
internal sealed class CsvExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Csv];

    public override int Revision => 2;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        var whole = TextEncodings.Decode(content).Replace('\0', ' ');
        var text = new TextBuilder(limits);
        var sheet = new SheetBuilder(text);
        var delimiter = Delimiter(whole);
        var cell = new StringBuilder();
        var quoted = false;
        for (var index = 0; index < whole.Length; index++)
        {
            if ((index & 65535) == 0) cancellationToken.ThrowIfCancellationRequested();
            var character = whole[index];
            if (character == '"' && quoted && index + 1 < whole.Length && whole[index + 1] == '"') cell.Append(whole[++index]);
            // A quotation mark inside of a cell is only that.
            else if (character == '"' && (quoted || cell.Length == 0)) quoted = !quoted;
            else if (quoted || (character != delimiter && character is not ('\r' or '\n'))) cell.Append(character);
            else EndCell(character);
        }

        EndCell('\n');
        return text.Build(mediaType);

        void EndCell(char border)
        {
            sheet.Cell(cell.ToString());
            cell.Clear();
            if (border != delimiter) sheet.EndRow();
        }
    }

    // The one that the first line has most of outside of quotation marks.
    private static char Delimiter(string text)
    {
        var counts = new Dictionary<char, int> { [','] = 0, [';'] = 0, ['\t'] = 0, ['|'] = 0 };
        var quoted = false;
        foreach (var character in text)
        {
            if (character == '"') quoted = !quoted;
            else if (!quoted && character is '\n' && counts.Values.Any(count => count > 0)) break;
            else if (!quoted && counts.TryGetValue(character, out var count)) counts[character] = count + 1;
        }

        return counts.MaxBy(count => count.Value).Key;
    }
}
