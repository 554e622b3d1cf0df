using System.Numerics.Tensors;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Benchmarks;

/// <summary>
/// The shortest loop that makes tokens with ONNX Runtime, of prompts of one length: run, take the best token but the end, feed what came out. What a program's own loop adds is measured against it.
/// </summary>
internal sealed class BareGeneration : IDisposable
{
    private readonly InferenceSession? encoder;
    private readonly InferenceSession decoder;
    private readonly int heads;
    private readonly int width;
    private readonly GenerationSettings settings;
    private readonly RunOptions run = new();

    private BareGeneration(InferenceSession? encoder, InferenceSession decoder, ModelShape shape, GenerationSettings settings)
    {
        this.encoder = encoder;
        this.decoder = decoder;
        this.settings = settings;
        (heads, width) = (shape.Heads!.Value, shape.Width!.Value);
    }

    public static BareGeneration Open(ModelFolder folder, string kind, GenerationSettings settings)
    {
        using var options = ExecutionProviders.Open(new OnnxOptions { Threads = 1 });
        var encoder = kind == "decoder" ? null : new InferenceSession(folder.At(GeneratingModelFiles.Find(folder, "encoder_model", "")!), options);
        return new BareGeneration(encoder, new InferenceSession(folder.At(GeneratingModelFiles.Find(folder, kind == "decoder" ? "model" : "decoder_model_merged", "")!), options), ModelShape.Of(folder), settings);
    }

    public int[][] Generate(int[][] prompts, int tokens)
    {
        var (rows, length) = (prompts.Length, prompts[0].Length);
        var prompt = prompts.SelectMany(ids => ids).Select(id => (long)id).ToArray();
        var (next, fixedInputs) = (prompt, new Dictionary<string, OrtValue>());
        if (encoder is not null)
        {
            fixedInputs["encoder_attention_mask"] = OrtValue.CreateTensorValueFromMemory(Ones(rows * length), [rows, length]);
            using var ids = OrtValue.CreateTensorValueFromMemory(prompt, [rows, length]);
            fixedInputs["encoder_hidden_states"] = encoder.Run(run, ["input_ids", "attention_mask"], [ids, fixedInputs["encoder_attention_mask"]], ["last_hidden_state"])[0];
            next = [.. Enumerable.Repeat((long)settings.DecoderStartToken!.Value, rows)];
        }

        string[] pasts = [.. decoder.InputNames.Where(name => name.StartsWith("past_key_values.", StringComparison.Ordinal))];
        string[] outputs = ["logits", .. pasts.Select(name => name.Replace("past_key_values.", "present.", StringComparison.Ordinal))];
        var cache = pasts.Select(_ => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [rows, heads, 0, width])).ToArray();
        var made = new int[rows][];
        for (var row = 0; row < rows; row++)
            made[row] = new int[tokens];
        for (var (step, past) = (0, 0); step < tokens; step++)
        {
            var count = next.Length / rows;
            var own = new Dictionary<string, OrtValue> { ["input_ids"] = OrtValue.CreateTensorValueFromMemory(next, [rows, count]) };
            if (encoder is null)
            {
                own["attention_mask"] = OrtValue.CreateTensorValueFromMemory(Ones(rows * (past + count)), [rows, past + count]);
                own["position_ids"] = OrtValue.CreateTensorValueFromMemory([.. Enumerable.Range(0, rows * count).Select(at => (long)past + at % count)], [rows, count]);
            }
            else
            {
                own["use_cache_branch"] = OrtValue.CreateTensorValueFromMemory([step > 0], [1]);
            }

            List<string> names = [.. own.Keys, .. fixedInputs.Keys, .. pasts];
            List<OrtValue> values = [.. own.Values, .. fixedInputs.Values, .. cache];
            var given = decoder.Run(run, names, values, outputs);
            for (var slot = 0; slot < pasts.Length; slot++)
            {
                // Later steps give the source's cache empty.
                var kept = step > 0 && pasts[slot].Contains(".encoder.", StringComparison.Ordinal);
                (kept ? given[slot + 1] : cache[slot]).Dispose();
                cache[slot] = kept ? cache[slot] : given[slot + 1];
            }

            var logits = given[0].GetTensorMutableDataAsSpan<float>();
            var vocabulary = logits.Length / (rows * count);
            past += count;
            next = new long[rows];
            for (var row = 0; row < rows; row++)
            {
                var last = logits.Slice(((row + 1) * count - 1) * vocabulary, vocabulary);
                foreach (var end in settings.EndTokens)
                    last[end] = float.NegativeInfinity;
                made[row][step] = TensorPrimitives.IndexOfMax<float>(last);
                next[row] = made[row][step];
            }

            given[0].Dispose();
            foreach (var value in own.Values)
                value.Dispose();
        }

        foreach (var value in cache.Concat(fixedInputs.Values))
            value.Dispose();
        return made;
    }

    public void Dispose()
    {
        run.Dispose();
        encoder?.Dispose();
        decoder.Dispose();
    }

    private static long[] Ones(int count)
    {
        var ones = new long[count];
        Array.Fill(ones, 1);
        return ones;
    }
}
