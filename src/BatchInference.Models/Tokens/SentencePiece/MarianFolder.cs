using System.Text.Json;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.SentencePiece;

/// <summary>
/// The tokenizer of a translation model in Helsinki's layout: <c>source.spm</c>, <c>target.spm</c>, and <c>vocab.json</c> for the ids. A <c>tokenizer.json</c> beside them is a later
/// merger of both that gives other tokens, and is not read.
/// </summary>
internal static class MarianFolder
{
    /// <summary>Whether a folder has this layout.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, "source.spm")) && File.Exists(Path.Combine(folder, "vocab.json"));

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static TokenizerDesign Read(string folder, TokenizerConfig config)
    {
        if (config.Flag("separate_vocabs") == true)
            throw new InvalidDataException("separate_vocabs is not known to this program.");
        var vocabulary = ReadVocabulary(Path.Combine(folder, "vocab.json"));
        var added = new AddedTokenList(vocabulary);
        for (var id = 0; id < vocabulary.Size; id++)
            if (vocabulary[id] is ['>', '>', _, .., '<', '<'] language)
                added.Set(new AddedToken(id, language.ToString(), false, false, false, false, true));
        added.Change(config);
        var (end, unknown) = (Role(config, "eos_token", "</s>", added), Role(config, "unk_token", "<unk>", added));
        var target = SentencePieceFile.Read(Path.Combine(folder, "target.spm"));
        TokenizerDesign Of(SentencePieceFile language) => new()
        {
            Normalizer = new SentencePieceNormalizer(language),
            PreTokenizer = null,
            Model = new TranslatedModel(vocabulary, SentencePieceModels.Unigram(language), SentencePieceModels.UnknownId(language), unknown),
            PostProcessor = new PostProcessor(
                [new TemplatePart(0, [], 0), new TemplatePart(-1, [end], 0)],
                [new TemplatePart(0, [], 0), new TemplatePart(1, [], 0), new TemplatePart(-1, [end], 0)]),
            Decoder = new SentencePieceDecoder(target, added.Tokens.Select(token => token.Content).ToHashSet(StringComparer.Ordinal)),
            AddedTokens = added.Tokens,
            CleansUp = config.Flag("clean_up_tokenization_spaces") ?? false,
            OddToFirst = true,
            Padding = config.Text("pad_token") ?? "<pad>",
        };
        return Of(SentencePieceFile.Read(Path.Combine(folder, "source.spm"))) with { Target = Of(target) };
    }

    private static int Role(TokenizerConfig config, string role, string otherwise, AddedTokenList added) =>
        added.IdOf(config.Text(role) ?? otherwise) ?? throw new InvalidDataException($"vocab.json has no {role} \"{config.Text(role) ?? otherwise}\".");

    private static Vocabulary ReadVocabulary(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var vocabulary = new Vocabulary();
        foreach (var entry in json.RootElement.EnumerateObject())
            vocabulary.Add(entry.Name, entry.Value.GetInt32());
        return vocabulary;
    }
}
