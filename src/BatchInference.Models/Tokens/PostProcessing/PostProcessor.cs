namespace BatchInference.Models.Tokens.PostProcessing;

/// <summary>What is done with the tokens of one or two texts: their ranges are trimmed, and fixed tokens are put round them.</summary>
/// <param name="single">The row of a text alone.</param>
/// <param name="pair">The row of two texts.</param>
/// <param name="trims">How ranges are trimmed, one after the other.</param>
internal sealed class PostProcessor(IReadOnlyList<TemplatePart> single, IReadOnlyList<TemplatePart> pair, params IReadOnlyList<RangeTrim> trims)
{
    private static readonly TemplatePart[] First = [new TemplatePart(0, [], 0)];
    private static readonly TemplatePart[] Both = [new TemplatePart(0, [], 0), new TemplatePart(1, [], 1)];

    /// <summary>How the ranges of each text's tokens are trimmed, before fixed tokens stand round them.</summary>
    public IReadOnlyList<RangeTrim> Trims { get; } = trims;

    /// <summary>Whether it puts no fixed tokens.</summary>
    public bool IsBare => single == First;

    /// <summary>Texts alone.</summary>
    public static PostProcessor Bare(params IReadOnlyList<RangeTrim> trims) => new(First, Both, trims);

    /// <summary>The row of BERT: start, text, end, second text of segment 1, end.</summary>
    public static PostProcessor Bert(int start, int end) => new(
        [Fixed(start), First[0], Fixed(end)],
        [Fixed(start), First[0], Fixed(end), Both[1], new TemplatePart(-1, [end], 1)]);

    /// <summary>The row of RoBERTa: all of segment 0, two ends between the texts.</summary>
    public static PostProcessor Roberta(int start, int end, params IReadOnlyList<RangeTrim> trims) => new(
        [Fixed(start), First[0], Fixed(end)],
        [Fixed(start), First[0], Fixed(end), Fixed(end), new TemplatePart(1, [], 0), Fixed(end)],
        trims);

    /// <summary>The parts of the row in their order.</summary>
    public IReadOnlyList<TemplatePart> Parts(bool two) => two ? pair : single;

    /// <summary>The same, with other trims before its own.</summary>
    public PostProcessor Behind(IReadOnlyList<RangeTrim> earlier) => new(single, pair, [.. earlier, .. Trims]);

    private static TemplatePart Fixed(int id) => new(-1, [id], 0);
}

/// <summary>One part of a row: fixed ids, or the first or second text.</summary>
/// <param name="Text">0 or 1 for a text, -1 for fixed ids.</param>
/// <param name="Ids">The fixed ids; empty for a text.</param>
/// <param name="Type">The segment id.</param>
internal sealed record TemplatePart(int Text, int[] Ids, int Type);
