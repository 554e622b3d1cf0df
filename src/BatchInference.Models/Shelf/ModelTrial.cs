using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;

namespace BatchInference.Models.Shelf;

/// <summary>Loads a model that was judged sound, and has it answer once: what no file says (a graph of another width, a position table that is too short) shows then.</summary>
public static class ModelTrial
{
    private const string Sample = "Le conseil vote le budget. The council votes the budget.";

    // The longest row that is tried: where the context is longer, no file of any model that we know says less than it has.
    private const int LongestRow = 512;

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
            throw new ModelException($"{use.Folder.Path}: expected the graph{(use.Variant.Length == 0 ? "" : $" `{use.Variant}`")} to read a row of {Math.Min(use.Description.Context, LongestRow)} tokens of its tokenizer, found: {error.Message.ReplaceLineEndings(" ")} Configuration, tokenizer and graph do not belong together; restore all of them from where the model came.", error);
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
                    if (!encoder.Embed([Sample], CancellationToken.None)[0].All(float.IsFinite))
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
        var length = Math.Min(use.Description.Context, LongestRow);
        return [.. Enumerable.Range(0, length).Select(at => ids[at % ids.Length])];
    }
}
