using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.PreTokenization;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>
/// A model's tokenizer as its <c>tokenizer.json</c> describes it: the same tokens and offsets as Hugging Face's tokenizers library. Immutable, for any number of threads.
/// No text makes it fail, hang, or need more than memory in proportion to its length.
/// </summary>
public sealed class Tokenizer
{
    private readonly Normalizer? normalizer;
    private readonly PreTokenizer? preTokenizer;
    private readonly SubwordModel model;
    private readonly PostProcessor postProcessor;
    private readonly TokenDecoder? decoder;
    private readonly Dictionary<string, AddedToken> byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> byId = [];
    private readonly AddedTokens raw = new();
    private readonly AddedTokens normalized = new();

    private Tokenizer(TokenizerVocabularyReader file, string path)
    {
        var parts = new TokenizerParts(path);
        var settings = file.Settings;
        normalizer = parts.Normalizer(settings.GetProperty("normalizer"));
        preTokenizer = parts.PreTokenizer(settings.GetProperty("pre_tokenizer"));
        postProcessor = parts.PostProcessor(settings.GetProperty("post_processor"));
        decoder = parts.Decoder(settings.GetProperty("decoder"));
        foreach (var token in settings.GetProperty("added_tokens").EnumerateArray().Select(Added))
            (byContent[token.Content], byId[token.Id]) = (token, token);
        var subwords = settings.GetProperty("model");
        model = subwords.GetProperty("type").GetString() switch
        {
            "Unigram" => Unigram(subwords, file),
            var type => throw parts.Unknown("model", $"{type}"),
        };
        foreach (var token in byId.Values)
            (token.Normalized ? normalized : raw).Add(token.Normalized ? Normalize(token.Content) : token.Content, token);
        VocabularySize = Math.Max(model.Size, byId.Keys.Select(id => id + 1).DefaultIfEmpty().Max());
        (Head, Tail) = Ends();
    }

    /// <summary>One more than the greatest id.</summary>
    public int VocabularySize { get; }

    /// <summary>The ids that the template puts before a text that stands alone.</summary>
    public IReadOnlyList<int> Head { get; }

    /// <summary>The ids that it puts behind it.</summary>
    public IReadOnlyList<int> Tail { get; }

    /// <summary>The parts of a row of one text or of two, in their order.</summary>
    internal IReadOnlyList<TemplatePart> Template(bool pair) => postProcessor.Parts(pair);

    /// <summary>How many ids the template puts behind the second of two texts.</summary>
    public int PairTail => postProcessor.Parts(pair: true).Reverse().TakeWhile(part => part.Text < 0).Sum(part => part.Ids.Length);

    /// <summary>Reads the tokenizer of a model's folder.</summary>
    /// <exception cref="ModelException">It is missing, damaged, or has a part that is not known.</exception>
    public static Tokenizer Load(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        try
        {
            return new Tokenizer(TokenizerVocabularyReader.Read(File.ReadAllBytes(path), path), path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or InvalidDataException)
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
        into.Clear();
        var done = 0;
        while (raw.Next(text, done, recognizeSpecialTokens) is var (token, range))
        {
            EncodePlain(text, new TextRange(done, range.Start - done), into, recognizeSpecialTokens);
            into.Add(token.Id, range);
            done = range.End;
        }

        EncodePlain(text, new TextRange(done, text.Length - done), into, recognizeSpecialTokens);
    }

    /// <summary>Makes a row for the model of one text or two. An empty second text counts as none.</summary>
    public TokenizedText EncodeWithTemplate(string text, string? pair = null, bool recognizeSpecialTokens = false)
    {
        var buffer = new TokenBuffer();
        var (ids, offsets, types) = (new List<int>(), new List<TextRange>(), new List<int>());
        foreach (var part in postProcessor.Parts(!string.IsNullOrEmpty(pair)))
        {
            if (part.Text >= 0)
                Encode(part.Text == 0 ? text : pair, buffer, recognizeSpecialTokens);
            ids.AddRange(part.Text >= 0 ? buffer.Ids : part.Ids);
            offsets.AddRange(part.Text >= 0 ? buffer.Offsets : new TextRange[part.Ids.Length]);
            types.AddRange(Enumerable.Repeat(part.Type, ids.Count - types.Count));
        }

        return new TokenizedText { Ids = [.. ids], Offsets = [.. offsets], TypeIds = [.. types] };
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
        return decoder is null ? string.Join(' ', tokens) : string.Concat(decoder.Decode(tokens));
    }

    /// <summary>The id of a token by its text in the vocabulary, or null.</summary>
    public int? IdOf(string token) => byContent.TryGetValue(token, out var added) ? added.Id : model.IdOf(token);

    /// <summary>The text of a token in the vocabulary, or null.</summary>
    public string? TokenOf(int id) => byId.TryGetValue(id, out var added) ? added.Content : model.TokenOf(id);

    private void EncodePlain(ReadOnlySpan<char> text, TextRange range, TokenBuffer into, bool controls)
    {
        if (range.Length == 0)
            return;
        var work = into.Work;
        work.Start(text, range);
        normalizer?.Apply(work);
        if (normalized.IsEmpty(controls))
        {
            EncodeWords(work, into, new TextRange(0, work.Text.Length), controls);
            return;
        }

        // Cutting into words may rewrite the text: the found tokens are looked for in a copy.
        var whole = new AlignedText();
        whole.Append(work.Text, 0, work.Text.Length);
        var done = 0;
        while (normalized.Next(whole.Chars, done, controls) is var (token, found))
        {
            EncodeStretch(whole, new TextRange(done, found.Start - done), into, controls);
            into.Add(token.Id, whole.OriginOf(found.Start, found.Length));
            done = found.End;
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
        preTokenizer?.Apply(work);
        foreach (var word in work.Words)
            model.Tokenize(work.Text, word, controls, into);
    }

    private string Normalize(string text)
    {
        var work = new TextWork();
        work.Start(text, new TextRange(0, text.Length));
        normalizer?.Apply(work);
        return work.Text.Chars.ToString();
    }

    private (int[] Head, int[] Tail) Ends()
    {
        var parts = postProcessor.Parts(pair: false);
        var text = parts.TakeWhile(part => part.Text < 0).Count();
        return ([.. parts.Take(text).SelectMany(part => part.Ids)], [.. parts.Skip(text + 1).SelectMany(part => part.Ids)]);
    }

    private UnigramModel Unigram(JsonElement settings, TokenizerVocabularyReader file)
    {
        var unknown = settings.TryGetProperty("unk_id", out var unk) && unk.ValueKind == JsonValueKind.Number ? unk.GetInt32() : (int?)null;
        var bytes = settings.TryGetProperty("byte_fallback", out var fallback) && fallback.ValueKind == JsonValueKind.True;
        return new UnigramModel(file.Pieces, [.. file.Scores], unknown, bytes, byId.Values.Where(token => token.Control).Select(token => token.Id));
    }

    private static AddedToken Added(JsonElement token) => new(
        token.GetProperty("id").GetInt32(),
        token.GetProperty("content").GetString()!,
        Flag(token, "single_word"),
        Flag(token, "lstrip"),
        Flag(token, "rstrip"),
        Flag(token, "normalized"),
        Flag(token, "special"));

    private static bool Flag(JsonElement token, string name) => token.TryGetProperty(name, out var flag) && flag.GetBoolean();
}
