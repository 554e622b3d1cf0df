using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;

namespace BatchInference.Models.Passes;

/// <summary>What a model writes behind a row of tokens as it is, without any task: for checking a model against the reference.</summary>
public sealed class Continuation
{
    private readonly ModelUse model;
    private readonly GenerationSettings settings;
    private readonly GeneratingModel graph;
    private readonly StopStrings stops;

    /// <param name="model">A model that writes.</param>
    /// <param name="request">Settings of generation over those of the model; chance only where they ask for it.</param>
    /// <param name="sessions">Owns the graph.</param>
    /// <exception cref="ModelException">A setting has no sense, or the graph cannot be loaded.</exception>
    public Continuation(ModelUse model, GenerationRequest request, ModelSessions sessions)
    {
        this.model = model;
        settings = PromptedTask.SettingsOf(model, request, "the options");
        graph = sessions.Generator(model);
        stops = new StopStrings(settings.StopStrings, model.Tokenizer);
    }

    /// <summary>The text that the model writes, special tokens left out.</summary>
    /// <param name="prompt">The prompt of a decoder, or the source of an encoder–decoder.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="ModelException">The prompt leaves no room for an answer.</exception>
    public string Of(IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        var most = model.Description.Context - (model.Description.Kind == ModelKind.Decoder ? 1 : 0);
        if (prompt.Count == 0)
            throw new ModelException("Expected a text of at least one token, found none.");
        if (prompt.Count > most)
            throw new ModelException($"Expected at most {most} tokens, found {prompt.Count}. Shorten the text, or ask for a summary, which is made window by window (--sentences).");
        var written = new GenerationLoop(graph, settings).Generate([new GenerationRow([.. prompt])], stops.Check, cancellationToken)[0][0];
        return model.Tokenizer.Decode(written.Ids, skipSpecialTokens: true);
    }
}
