using System.Text.Json.Nodes;

namespace BatchInference.Models.Tasks;

/// <summary>What a task asks of a model that writes, where it does not leave it to the model's own files.</summary>
public sealed record GenerationRequest
{
    /// <summary>What the model is told, with <c>{text}</c> where the document belongs; null for what suits task and model.</summary>
    public string? Instruction { get; init; }

    /// <summary>The system message of a chat model; null for none.</summary>
    public string? System { get; init; }

    /// <summary>Whether a reasoning model may think before it answers.</summary>
    public bool Thinking { get; init; } = true;

    /// <summary>Settings of generation, in transformers' names.</summary>
    public JsonObject Options { get; init; } = [];
}
