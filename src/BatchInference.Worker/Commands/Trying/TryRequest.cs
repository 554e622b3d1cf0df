using BatchInference.Models.Tasks;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>What <c>models try</c> is asked beyond the lines.</summary>
internal sealed record TryRequest
{
    /// <summary>Which of the model's graphs.</summary>
    public string? Variant { get; init; }

    /// <summary>Name of a label set.</summary>
    public string? Labels { get; init; }

    /// <summary>The sentence for models of entailment.</summary>
    public string? Template { get; init; }

    /// <summary>Language of template and descriptions.</summary>
    public string Language { get; init; } = "fr";

    /// <summary>Whether several labels may hold.</summary>
    public bool SeveralLabels { get; init; }

    /// <summary>Length of a summary; null where none is asked for.</summary>
    public int? Sentences { get; init; }

    /// <summary>Whether a model that writes is given a prompt round the text instead of the text as it is.</summary>
    public bool Prompted { get; init; }

    /// <summary>Instruction and settings of generation.</summary>
    public GenerationRequest Generation { get; init; } = new();

    /// <summary>Whether special tokens inside the text are recognised.</summary>
    public bool SpecialTokens { get; init; }
}
