using System.Text.Json;

namespace BatchInference.Models.Tokens;

/// <summary>A token that is found in the text before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Found only where no letter or digit stands beside it.</param>
/// <param name="LeftStrip">Takes the blanks before it.</param>
/// <param name="RightStrip">Takes the blanks behind it.</param>
/// <param name="Normalized">Found in the normalised text, else in the raw one.</param>
/// <param name="Special">Left out when tokens are turned back into text.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized, bool Special)
{
    /// <summary>
    /// Whether it steers a model, so that a document must not contain it. Models mark some of these as not special (<c>&lt;think&gt;</c>, <c>&lt;｜User｜&gt;</c>);
    /// of all added tokens only runs of blanks are surely plain text.
    /// </summary>
    public bool Control => Special || !Content.All(letter => char.IsWhiteSpace(letter) || letter == '▁');

    /// <summary>Reads a token of <c>tokenizer.json</c> or <c>tokenizer_config.json</c>.</summary>
    public static AddedToken Read(JsonElement token, int id) => new(
        id,
        token.GetProperty("content").GetString() ?? throw new InvalidDataException("an added token has no content."),
        Flag(token, "single_word"),
        Flag(token, "lstrip"),
        Flag(token, "rstrip"),
        Flag(token, "normalized"),
        Flag(token, "special"));

    private static bool Flag(JsonElement token, string name) => token.TryGetProperty(name, out var flag) && flag.GetBoolean();
}
