using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>Turns a text into the windows of a sentence encoder: start token, prefix, text, end token.</summary>
internal sealed class EncoderTokens
{
    private readonly Tokenizer tokenizer;
    private readonly Chunker chunker;

    private EncoderTokens(Tokenizer tokenizer, Chunker chunker)
    {
        this.tokenizer = tokenizer;
        this.chunker = chunker;
    }

    public static EncoderTokens Load(ModelFolder folder, EncoderSettings settings)
    {
        var tokenizer = Tokenizer.Load(folder.Path);
        // The blank at the end of a prefix is the one before the text's first word, and counted there.
        var prefix = new TokenBuffer();
        tokenizer.Encode(settings.Prefix.AsSpan().TrimEnd(), prefix);
        return new EncoderTokens(tokenizer, new Chunker([.. tokenizer.Head, .. prefix.Ids], [.. tokenizer.Tail], settings.Length));
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="sentences">Its sentences.</param>
    /// <param name="spans">Of how many sentences, from the first, the windows tell which tokens are theirs.</param>
    /// <returns>The windows, and how many tokens the text has.</returns>
    public (IReadOnlyList<TokenChunk> Chunks, long Tokens) Cut(string text, IReadOnlyList<TextRange> sentences, int spans)
    {
        var tokens = new TokenBuffer();
        tokenizer.Encode(text, tokens);
        return (chunker.Cut(text, tokens.Ids, tokens.Offsets, sentences, spans), tokens.Count);
    }
}
