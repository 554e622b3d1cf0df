using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>What a classifier reads round each window of a document: the template's tokens and, for a question of entailment, the hypothesis.</summary>
/// <param name="Head">Ids before the text.</param>
/// <param name="Tail">Ids behind it.</param>
/// <param name="HeadTypes">Segments of the head.</param>
/// <param name="TextType">Segment of the text.</param>
/// <param name="TailTypes">Segments of the tail.</param>
internal sealed record WindowFrame(int[] Head, int[] Tail, int[] HeadTypes, int TextType, int[] TailTypes)
{
    /// <summary>How many tokens it adds to a window.</summary>
    public int Length => Head.Length + Tail.Length;

    /// <summary>The frame of a model's template.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="hypothesis">The second text; null for the window alone.</param>
    public static WindowFrame Of(Tokenizer tokenizer, string? hypothesis)
    {
        var (head, tail) = (new List<(int Id, int Type)>(), new List<(int Id, int Type)>());
        var textType = 0;
        var side = head;
        foreach (var part in tokenizer.Template(hypothesis is not null))
        {
            if (part.Text == 0)
                (textType, side) = (part.Type, tail);
            else
                side.AddRange((part.Text == 1 ? Tokens(tokenizer, hypothesis!) : part.Ids).Select(id => (id, part.Type)));
        }

        return new WindowFrame([.. head.Select(token => token.Id)], [.. tail.Select(token => token.Id)], [.. head.Select(token => token.Type)], textType, [.. tail.Select(token => token.Type)]);
    }

    /// <summary>A row of the model: the frame round a window.</summary>
    /// <param name="window">The window; its range and counts stay.</param>
    /// <param name="text">The window's own tokens.</param>
    /// <param name="index">The row's position among those of its document.</param>
    /// <param name="round">The round it belongs to.</param>
    public TokenChunk Around(TokenChunk window, ReadOnlySpan<int> text, int index, int round) => new()
    {
        Index = index,
        Round = round,
        Ids = [.. Head, .. text, .. Tail],
        TypeIds = TextType == 0 && HeadTypes.All(type => type == 0) && TailTypes.All(type => type == 0) ? null : [.. HeadTypes, .. Enumerable.Repeat(TextType, text.Length), .. TailTypes],
        Range = window.Range,
        TextTokens = window.TextTokens,
    };

    private static int[] Tokens(Tokenizer tokenizer, string text)
    {
        var buffer = new TokenBuffer();
        tokenizer.Encode(text, buffer);
        return [.. buffer.Ids];
    }
}
