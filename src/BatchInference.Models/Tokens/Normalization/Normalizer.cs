namespace BatchInference.Models.Tokens.Normalization;

/// <summary>One step that rewrites the text before it is cut into words.</summary>
internal abstract class Normalizer
{
    /// <summary>Rewrites <see cref="TextWork.Text"/>; each new character keeps the origin that the reference implementation gives it.</summary>
    public abstract void Apply(TextWork work);
}
