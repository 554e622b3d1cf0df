namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>What becomes of the stretches at which a text is cut.</summary>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a word.</summary>
    Isolated,

    /// <summary>Neighbouring ones are one word.</summary>
    Contiguous,

    /// <summary>Each ends the word before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the word behind it.</summary>
    MergedWithNext,
}
