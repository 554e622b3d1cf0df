using System.Globalization;
using BatchInference.Models.Shelf;

namespace BatchInference.Models.Tasks;

/// <summary>A summary in the model's own words.</summary>
/// <param name="name">The task's name in the job.</param>
/// <param name="model">A model that writes.</param>
/// <param name="limit">How long a summary may be.</param>
/// <param name="request">What the task says of instruction and generation.</param>
public sealed class GenerativeSummaryTask(string name, ModelUse model, SummaryLimit limit, GenerationRequest request)
    : PromptedTask(name, model, request, request.Instruction ?? InstructionFor(model, limit))
{
    /// <summary>How long a summary may be.</summary>
    public SummaryLimit Limit { get; } = limit;

    private protected override string Method => "generative summary/1";

    private protected override string Identity { get; } = limit.Says;

    // A model that was trained on a prefix says so in its configuration (T5: "summarize: ").
    private static string InstructionFor(ModelUse model, SummaryLimit limit)
    {
        if (model.Description.Kind == ModelKind.EncoderDecoder)
            return Prefix(model) + "{text}";
        if (!model.Description.Chats)
            return "{text}\n\nTL;DR:";
        var length = limit.Sentences < int.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"in {(limit.Sentences == 1 ? "one sentence" : $"{limit.Sentences} sentences")}")
            : string.Create(CultureInfo.InvariantCulture, $"in at most {limit.Characters} characters");
        return $"Summarise the following text {length}, in the language of the text. Answer with the summary only.\n\n{{text}}";
    }

    private static string Prefix(ModelUse model) =>
        model.Folder.Json("config.json") is { } config
        && config.TryGetProperty("task_specific_params", out var tasks) && tasks.ValueKind == System.Text.Json.JsonValueKind.Object
        && tasks.TryGetProperty("summarization", out var summary) && summary.TryGetProperty("prefix", out var prefix) ? prefix.GetString() ?? "" : "";
}
