namespace BatchInference.Models.Tokens.PostProcessing;

/// <summary>The tokens that the program puts round one or two texts.</summary>
internal abstract class PostProcessor
{
    /// <summary>The parts of the row in their order.</summary>
    public abstract IReadOnlyList<TemplatePart> Parts(bool pair);
}

/// <summary>One part of a row: fixed ids, or the first or second text.</summary>
/// <param name="Text">0 or 1 for a text, -1 for fixed ids.</param>
/// <param name="Ids">The fixed ids; empty for a text.</param>
/// <param name="Type">The segment id.</param>
internal sealed record TemplatePart(int Text, int[] Ids, int Type);
