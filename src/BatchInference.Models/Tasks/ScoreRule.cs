namespace BatchInference.Models.Tasks;

/// <summary>How the logits of a classifier become scores.</summary>
public enum ScoreRule
{
    /// <summary>One label holds: the scores sum to one.</summary>
    Softmax,

    /// <summary>Each label holds or not.</summary>
    Sigmoid,

    /// <summary>The number itself is the answer.</summary>
    Raw,
}
