using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;

namespace BatchInference.Models.Shelf;

/// <summary>Loads every variant of a model that was judged sound, and has it answer once: what no file says (a graph of another width, a position table that is too short) shows then.</summary>
internal static class ModelTrial
{
    private const string Sample = "Le conseil vote le budget. The council votes the budget.";

    // The longest row that is tried: where the context is longer, no file of any model that we know says less than it has.
    private const int LongestRow = 512;

    /// <summary>Tries all variants.</summary>
    /// <exception cref="ModelException">One cannot be loaded, or fails; the message names it.</exception>
    public static void Run(ModelFolder folder, ModelDescription description)
    {
        foreach (var variant in description.Variants)
        {
            var use = new ModelUse(folder, description, variant, new OnnxOptions());
            try
            {
                using var sessions = new ModelSessions();
                Answer(use, sessions);
            }
            catch (Exception error) when (error is not (ModelException or OutOfMemoryException))
            {
                throw new ModelException($"{folder.Path}: expected the graph{(variant.Length == 0 ? "" : $" `{variant}`")} to read a row of {Math.Min(description.Context, LongestRow)} tokens of its tokenizer, found: {error.Message.ReplaceLineEndings(" ")} Configuration, tokenizer and graph do not belong together; restore all of them from where the model came.", error);
            }
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
                    encoder.Embed([Sample], CancellationToken.None);
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
