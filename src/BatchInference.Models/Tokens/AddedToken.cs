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
}
