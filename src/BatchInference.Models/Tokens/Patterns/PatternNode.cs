namespace BatchInference.Models.Tokens.Patterns;

/// <summary>A part of a pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>One code point of a set.</summary>
    internal sealed record One(RuneSet Set) : PatternNode;

    /// <summary>One part after the other.</summary>
    internal sealed record Chain(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>The first of the parts that lets the whole succeed.</summary>
    internal sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>A part several times; <paramref name="Most"/> is -1 for any number.</summary>
    internal sealed record Repeat(PatternNode Part, int Least, int Most, bool Greedy) : PatternNode;

    /// <summary>What stands behind: a code point of the set, or the end of the text where <paramref name="End"/> says so.</summary>
    internal sealed record Ahead(RuneSet Set, bool End) : PatternNode;
}
