namespace BatchInference.Models.Tokens.Sentences;

/// <summary>
/// Finds the sentences of French and English text by rule, and those of other scripts by their own stops. Linear in the length of the text: every look aside is bounded.
/// </summary>
/// <remarks>
/// The ranges are in text order, disjoint, trimmed of blanks, and hold every character that is not blank. A line that was only wrapped does not end a sentence (<see cref="TextBlocks"/>).
/// </remarks>
public static class SentenceSplitter
{
    /// <summary>The sentences of a text.</summary>
    public static IReadOnlyList<TextRange> Split(string text)
    {
        var sentences = new List<TextRange>();
        TextBlocks.Each(text, block =>
        {
            var scan = new SentenceScan(text, block);
            while (scan.Next() is { } sentence)
                sentences.Add(sentence);
        });
        return sentences;
    }
}
