using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.SentencePiece;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>
/// A model's tokenizer as its <c>tokenizer.json</c> describes it: the same tokens and offsets as Hugging Face's tokenizers library. Immutable, for any number of threads.
/// No text makes it hang, or need more than memory in proportion to its length; it fails only where <c>tokenizer.json</c> leaves no way (<see cref="ModelException"/>): a letter
/// without a token, or a pattern beyond all bounds.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerDesign design;
    private readonly WordCache words = new();
    private readonly Dictionary<string, AddedToken> byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> byId = [];
    private readonly AddedTokens raw = new();
    private readonly AddedTokens normalized = new();

    private Tokenizer(TokenizerDesign design)
    {
        this.design = design;
        foreach (var token in design.AddedTokens)
            (byContent[token.Content], byId[token.Id]) = (token, token);
        foreach (var token in byId.Values)
            (token.Normalized ? normalized : raw).Add(token.Normalized ? Normalize(token.Content) : token.Content, token);
        VocabularySize = Math.Max(design.Model.Vocabulary.Size, byId.Keys.Select(id => id + 1).DefaultIfEmpty().Max());
        (Head, Tail) = Ends();
        Padding = design.Padding is { } padding ? IdOf(padding) : null;
        Target = design.Target is { } target ? new Tokenizer(target) : this;
    }

    /// <summary>One more than the greatest id.</summary>
    public int VocabularySize { get; }

    /// <summary>The ids that the template puts before a text that stands alone.</summary>
    public IReadOnlyList<int> Head { get; }

    /// <summary>The ids that it puts behind it.</summary>
    public IReadOnlyList<int> Tail { get; }

    /// <summary>The token that fills rows up, or null.</summary>
    public int? Padding { get; }

    /// <summary>The tokenizer for texts in the language that a translation model writes; for all other models the same.</summary>
    public Tokenizer Target { get; }

    /// <summary>The parts of a row of one text or of two, in their order.</summary>
    internal IReadOnlyList<TemplatePart> Template(bool pair) => design.PostProcessor.Parts(pair);

    /// <summary>Reads the tokenizer of a model's folder.</summary>
    /// <exception cref="ModelException">It is missing, damaged, or has a part that is not known.</exception>
    public static Tokenizer Load(string folder)
    {
        var path = MarianFolder.Is(folder) ? folder : Path.Combine(folder, "tokenizer.json");
        try
        {
            var config = TokenizerConfig.Read(folder);
            return new Tokenizer(path == folder ? MarianFolder.Read(folder, config) : TokenizerFile.Read(path, config));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or InvalidDataException or IndexOutOfRangeException or ArgumentException)
        {
            throw new ModelException($"{path}: cannot be read as a tokenizer: {cause.Message} Restore the file from where the model came.", cause);
        }
    }

    /// <summary>Finds the tokens of a text, without a template.</summary>
    /// <param name="text">The text.</param>
    /// <param name="into">Cleared, then gets the tokens; what they stand for is told in characters of <paramref name="text"/>.</param>
    /// <param name="recognizeSpecialTokens">
    /// Whether texts that look like control tokens (<c>&lt;/s&gt;</c>, <c>&lt;think&gt;</c>) are these tokens, as the reference implementation has it. For text of others always false: then they are ordinary text.
    /// </param>
    public void Encode(ReadOnlySpan<char> text, TokenBuffer into, bool recognizeSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(into);
        Find(text, into, recognizeSpecialTokens);
        if (design.PostProcessor.Trims.Count > 0)
            for (var at = 0; at < into.Count; at++)
                into.Trim(at, Trimmed(text, into.Ids[at], at == 0, into.Offsets[at]));
    }

    /// <summary>Makes a row for the model of one text or two. An empty second text counts as none.</summary>
    public TokenizedText EncodeWithTemplate(string text, string? pair = null, bool recognizeSpecialTokens = false) =>
        EncodeRows(text, pair, null, recognizeSpecialTokens)[0];

    /// <summary>Makes a row of at most some length, and further rows of what does not fit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pair">A second text; an empty one counts as none.</param>
    /// <param name="truncation">How long rows may be; null for any length.</param>
    /// <param name="recognizeSpecialTokens">See <see cref="Encode"/>.</param>
    /// <param name="addSpecialTokens">Whether the tokens of the template are put.</param>
    /// <returns>The row as the model reads it, then what it leaves out, each row overlapping the one before by <see cref="TokenTruncation.Stride"/>.</returns>
    /// <exception cref="ArgumentException">The length leaves no room for text, or the text that is to be shortened is too short.</exception>
    public IReadOnlyList<TokenizedText> EncodeRows(string text, string? pair, TokenTruncation? truncation, bool recognizeSpecialTokens = false, bool addSpecialTokens = true)
    {
        var two = !string.IsNullOrEmpty(pair);
        var (first, second) = (new TokenBuffer(), new TokenBuffer());
        Find(text, first, recognizeSpecialTokens);
        if (two)
            Find(pair, second, recognizeSpecialTokens);
        var parts = design.PostProcessor.Parts(two).Where(part => part.Text >= 0 || addSpecialTokens).ToArray();
        var room = truncation is { } limit ? limit.Length - parts.Sum(part => part.Ids.Length) : int.MaxValue;
        var (firsts, seconds) = RowWindows.Of(first.Count, second.Count, room, truncation ?? default, design.OddToFirst);
        var rows = new List<TokenizedText>(firsts.Count * seconds.Count);
        rows.Add(Row(firsts[0], seconds[0]));
        foreach (var one in firsts.Skip(1))
            rows.AddRange(seconds.Select(other => Row(one, other)));
        rows.AddRange(seconds.Skip(1).Select(other => Row(firsts[0], other)));
        return rows;

        TokenizedText Row(TextRange one, TextRange other) => RowOf(parts, (text, first, one), (pair ?? "", second, other));
    }

    /// <summary>Turns tokens back into text. Ids that the tokenizer does not have are left out.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var tokens = new List<string>(ids.Length);
        foreach (var id in ids)
            if (!(skipSpecialTokens && byId.TryGetValue(id, out var added) && added.Special) && TokenOf(id) is { } token)
                tokens.Add(token);
        var text = design.Decoder is null ? string.Join(' ', tokens) : string.Concat(design.Decoder.Decode(tokens));
        return design.CleansUp ? TextCleanup.Spaced(text) : text;
    }

    /// <summary>The id of a token by its text in the vocabulary, or null.</summary>
    public int? IdOf(string token) => byContent.TryGetValue(token, out var added) ? added.Id : design.Model.Vocabulary.Find(token) is >= 0 and var id ? id : null;

    /// <summary>The text of a token in the vocabulary, or null.</summary>
    public string? TokenOf(int id) => byId.TryGetValue(id, out var added) ? added.Content : design.Model.Vocabulary.Has(id) ? design.Model.Vocabulary[id].ToString() : null;

    private void Find(ReadOnlySpan<char> text, TokenBuffer into, bool controls)
    {
        into.Clear();
        var (done, from) = (0, 0);
        while (raw.Next(text, from, done, controls) is var (token, range, end))
        {
            EncodePlain(text, new TextRange(done, range.Start - done), into, controls);
            into.Add(token.Id, range);
            (done, from) = (range.End, end);
        }

        EncodePlain(text, new TextRange(done, text.Length - done), into, controls);
    }

    private TokenizedText RowOf(TemplatePart[] parts, (string Text, TokenBuffer Tokens, TextRange Window) first, (string Text, TokenBuffer Tokens, TextRange Window) second)
    {
        var (ids, offsets, types, texts) = (new List<int>(), new List<TextRange>(), new List<int>(), new List<int>());
        foreach (var part in parts)
        {
            if (part.Text < 0)
            {
                ids.AddRange(part.Ids);
                offsets.AddRange(new TextRange[part.Ids.Length]);
            }
            else
            {
                var (text, tokens, window) = part.Text == 0 ? first : second;
                ids.AddRange(tokens.Ids.Slice(window.Start, window.Length));
                for (var at = window.Start; at < window.End; at++)
                    offsets.Add(Trimmed(text, tokens.Ids[at], at == window.Start, tokens.Offsets[at]));
            }

            types.AddRange(Enumerable.Repeat(part.Type, ids.Count - types.Count));
            texts.AddRange(Enumerable.Repeat(part.Text, ids.Count - texts.Count));
        }

        return new TokenizedText { Ids = [.. ids], Offsets = [.. offsets], TypeIds = [.. types], Texts = [.. texts] };
    }

    // An added token is trimmed by the text that it took, which may have blanks that it lacks itself.
    private TextRange Trimmed(ReadOnlySpan<char> text, int id, bool first, TextRange range)
    {
        var trims = design.PostProcessor.Trims;
        for (var at = 0; at < trims.Count; at++)
            range = trims[at].Apply(byId.ContainsKey(id) ? text.Slice(range.Start, range.Length) : design.Model.Vocabulary[id], first, range, text);
        return range;
    }

    private void EncodePlain(ReadOnlySpan<char> text, TextRange range, TokenBuffer into, bool controls)
    {
        if (range.Length <= 0)
            return;
        var work = into.Work;
        work.Start(text, range);
        design.Normalizer?.Apply(work);
        if (normalized.IsEmpty(controls))
        {
            EncodeWords(work, into, new TextRange(0, work.Text.Length), controls);
            return;
        }

        // Cutting into words may rewrite the text: the found tokens are looked for in a copy.
        var whole = work.Whole;
        whole.Clear();
        whole.Append(work.Text, 0, work.Text.Length);
        var (done, from) = (0, 0);
        while (normalized.Next(whole.Chars, from, done, controls) is var (token, found, end))
        {
            EncodeStretch(whole, new TextRange(done, found.Start - done), into, controls);
            into.Add(token.Id, whole.OriginOf(found.Start, found.Length));
            (done, from) = (found.End, end);
        }

        EncodeStretch(whole, new TextRange(done, whole.Length - done), into, controls);
    }

    private void EncodeStretch(AlignedText whole, TextRange range, TokenBuffer into, bool controls)
    {
        var work = into.Work;
        work.Next.Append(whole, range.Start, range.Length);
        work.TakeNext();
        EncodeWords(work, into, new TextRange(0, range.Length), controls);
    }

    private void EncodeWords(TextWork work, TokenBuffer into, TextRange range, bool controls)
    {
        work.OneWord(range);
        design.PreTokenizer?.Apply(work);
        foreach (var word in work.Words)
        {
            var letters = work.Text.Chars.Slice(word.Start, word.Length);
            var first = into.Count;
            if (!words.TryTake(letters, controls, into))
            {
                design.Model.Tokenize(letters, controls, into);
                words.Keep(letters, controls, into, first);
            }

            into.Place(work.Text, word, first);
        }
    }

    private string Normalize(string text)
    {
        var work = new TextWork();
        work.Start(text, new TextRange(0, text.Length));
        design.Normalizer?.Apply(work);
        return work.Text.Chars.ToString();
    }

    private (int[] Head, int[] Tail) Ends()
    {
        var parts = design.PostProcessor.Parts(two: false);
        var text = parts.TakeWhile(part => part.Text < 0).Count();
        return ([.. parts.Take(text).SelectMany(part => part.Ids)], [.. parts.Skip(text + 1).SelectMany(part => part.Ids)]);
    }
}
