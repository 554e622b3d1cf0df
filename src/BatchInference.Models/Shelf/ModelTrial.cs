using BatchInference.Models.Batching;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Shelf;

/// <summary>Loads a model that was judged sound, and has it answer once: what no file says (a graph of another width, a position table that is too short) shows then.</summary>
public static class ModelTrial
{
    private const string Sample = "Le conseil vote le budget. The council votes the budget.";

    // The longest row that is tried: where the context is longer, no file of any model that we know says less than it has.
    // (A table of 514 positions with two that are no room is the commonest of those whose length is misread.)
    private const int LongestRow = 514;

    /// <summary>Tries all variants.</summary>
    /// <exception cref="ModelException">One cannot be loaded, or fails; the message names it.</exception>
    internal static void Run(ModelFolder folder, ModelDescription description)
    {
        foreach (var variant in description.Variants)
            Run(new ModelUse(folder, description, variant, new OnnxOptions()));
    }

    /// <summary>Tries one, where and as it will run.</summary>
    /// <exception cref="ModelException">It cannot be loaded, or fails; the message names it.</exception>
    public static void Run(ModelUse use)
    {
        try
        {
            using var sessions = new ModelSessions();
            Answer(use, sessions);
        }
        catch (Exception error) when (error is not (ModelException or OutOfMemoryException))
        {
            throw new ModelException($"{use.Folder.Path}: expected the graph{(use.Variant.Length == 0 ? "" : $" `{use.Variant}`")} to read a row of {LengthOf(use)} tokens of its tokenizer, found: {error.Message.ReplaceLineEndings(" ")} Configuration, tokenizer and graph do not belong together; restore all of them from where the model came.", error);
        }
    }

    private static void Answer(ModelUse use, ModelSessions sessions)
    {
        var row = Row(use);
        switch (use.Description.Kind)
        {
            case ModelKind.Classifier:
                sessions.Classifier(use).Run([(row, null)], CancellationToken.None);
                break;
            case ModelKind.Embedder:
                using (var encoder = EncoderPass.Load(use.Folder, use.Variant, [], use.Options))
                    if (!encoder.Vector(encoder.Infer(new TokenBatch([new TokenChunk { Index = 0, Ids = row, Range = default, TextTokens = row.Length }]), CancellationToken.None)).All(float.IsFinite))
                        throw new ModelException($"{use.Name} gives numbers that are none. Set Models:Provider to cpu, or update the driver of the device.");
                break;
            case ModelKind.Decoder or ModelKind.EncoderDecoder:
                var settings = GenerationSettingsFile.Read(use.Folder) with { MaxNewTokens = 1, MaxLength = null };
                if (use.Description.Kind == ModelKind.Decoder)
                    row = row[..^1];
                using (sessions.Generator(use).Begin([new GenerationRow(row)], settings, CancellationToken.None))
                    break;
            default:
                use.Tokenizer.EncodeWithTemplate(Sample);
                break;
        }
    }

    // As long as the model says that it reads, at most: a sample said again and again.
    private static int[] Row(ModelUse use)
    {
        var ids = use.Tokenizer.EncodeWithTemplate(Sample).Ids;
        return [.. Enumerable.Range(0, LengthOf(use)).Select(at => ids[at % ids.Length])];
    }

    // Sentence encoders may be told to read less than their table of positions has room for.
    private static int LengthOf(ModelUse use) => Math.Min(use.Description.Kind == ModelKind.Embedder ? EncoderSettings.Read(use.Folder).Length : use.Description.Context, LongestRow);
}
