namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>One step that cuts the text into words, in which the tokens are then sought.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Cuts the words of <paramref name="work"/> further.</summary>
    public abstract void Apply(TextWork work);
}
