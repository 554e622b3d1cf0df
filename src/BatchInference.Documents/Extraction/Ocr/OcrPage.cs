namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>What was read on one page.</summary>
/// <param name="Paragraphs">From top to bottom; each its lines.</param>
/// <param name="Confidence">Mean of the words', weighted by their characters, in [0, 1]; 0 without words.</param>
internal sealed record OcrPage(IReadOnlyList<IReadOnlyList<OcrLine>> Paragraphs, double Confidence)
{
    // A photograph gives a few stray signs, a page of text more than these, and surer.
    private const int LeastLetters = 8;
    private const double LeastConfidence = 0.4;

    /// <summary>False for a picture in which only stray signs were seen.</summary>
    public bool HasText => Confidence >= LeastConfidence && Paragraphs.Sum(lines => lines.Sum(line => line.Text.Count(char.IsLetterOrDigit))) >= LeastLetters;

    /// <summary>Adds its text, with hyphens at line ends healed and lines joined where a paragraph goes on.</summary>
    public void AppendTo(TextBuilder text)
    {
        foreach (var lines in Paragraphs)
        {
            for (var index = 0; index < lines.Count; index++)
            {
                var line = lines[index].Text;
                var next = index + 1 < lines.Count ? lines[index + 1].Text : null;
                if (next is not null && line.Length > 2 && line[^1] is '-' or '\u2010' && char.IsLetter(line[^2]) && char.IsLower(next[0]))
                {
                    text.Append(line.AsSpan(0, line.Length - 1));
                    continue;
                }

                text.Append(line);
                if (lines[index].EndsEarly) text.EndLine();
                else text.Append(" ");
            }

            text.EndParagraph();
        }
    }
}

/// <summary>One line of a page.</summary>
/// <param name="Text">Words parted by blanks.</param>
/// <param name="EndsEarly">True when it ends well before the margin: its author ended it.</param>
internal readonly record struct OcrLine(string Text, bool EndsEarly);
