using System.Runtime.InteropServices;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Benchmarks;

/// <summary>
/// A model of the shape of DeepSeek-R1-Distill-Qwen-1.5B with random weights, in the layout of ONNX Runtime GenAI's builder for processors: <c>MatMulNBits</c> of 4 bits in blocks of
/// 32 with accuracy level 4, embeddings in single precision, packed queries, keys and values into <c>GroupQueryAttention</c>. Sizes: config.json of the model's card.
/// </summary>
internal static class LargeModel
{
    public const int Vocabulary = 151_936;

    private const int Layers = 28, Hidden = 1536, Heads = 12, KeyHeads = 2, Width = 128, Inner = 8960, Context = 131_072, Block = 32;
    private const string Data = "model.onnx.data";

    /// <summary>Writes the folder.</summary>
    public static void Write(string folder)
    {
        using var weights = new WeightFile(Path.Combine(folder, Data));
        var graph = new OnnxFile()
            .Input("input_ids", TensorElementType.Int64, "batch_size", "sequence_length")
            .Input("attention_mask", TensorElementType.Int64, "batch_size", "total_sequence_length")
            .Output("logits", TensorElementType.Float, "batch_size", "sequence_length", Vocabulary);
        // How much each row has read, and how much the longest: what the operator asks for.
        graph.Weights<long>("axis", TensorElementType.Int64, [1], 1).Weights<long>("one", TensorElementType.Int64, [1], 1)
            .Node("ReduceSum", ["attention_mask", "axis"], ["seen"]).Node("Sub", ["seen", "one"], ["last"]).Node("Cast", ["last"], ["lengths"], ("to", 6))
            .Node("Shape", ["attention_mask"], ["mask_shape"]).Node("Gather", ["mask_shape", "one"], ["total_long"]).Node("Cast", ["total_long"], ["total_one"], ("to", 6))
            .Weights<long>("scalar", TensorElementType.Int64, [], 0).Node("Reshape", ["total_one", "scalar"], ["total"]);
        Rotations(graph, weights);
        weights.Normal(graph, "embedding", 0.02f, Vocabulary, Hidden);
        graph.Node("Gather", ["embedding", "input_ids"], ["x0"]);
        var (stream, added) = ("x0", (string?)null);
        for (var layer = 0; layer < Layers; layer++)
        {
            var (past, present) = ($"past_key_values.{layer}", $"present.{layer}");
            foreach (var part in new[] { "key", "value" })
                graph.Input($"{past}.{part}", TensorElementType.Float, "batch_size", KeyHeads, "past_sequence_length", Width).Output($"{present}.{part}", TensorElementType.Float, "batch_size", KeyHeads, "total_sequence_length", Width);
            var normal = Norm($"l{layer}.attention");
            Multiply(normal, $"l{layer}.qkv", Hidden, (Heads + 2 * KeyHeads) * Width);
            weights.Normal(graph, $"l{layer}.bias", 0.02f, (Heads + 2 * KeyHeads) * Width);
            graph.Node("Add", [$"l{layer}.qkv", $"l{layer}.bias"], [$"l{layer}.packed"])
                .Node(
                    "com.microsoft.GroupQueryAttention",
                    [$"l{layer}.packed", "", "", $"{past}.key", $"{past}.value", "lengths", "total", "cosines", "sines"],
                    [$"l{layer}.read", $"{present}.key", $"{present}.value"],
                    ("num_heads", Heads), ("kv_num_heads", KeyHeads), ("do_rotary", 1), ("rotary_interleaved", 0), ("scale", 1 / MathF.Sqrt(Width)));
            Multiply($"l{layer}.read", $"l{layer}.out", Heads * Width, Hidden);
            added = $"l{layer}.out";
            normal = Norm($"l{layer}.inner");
            Multiply(normal, $"l{layer}.gate", Hidden, Inner);
            Multiply(normal, $"l{layer}.up", Hidden, Inner);
            graph.Node("Sigmoid", [$"l{layer}.gate"], [$"l{layer}.sigmoid"]).Node("Mul", [$"l{layer}.gate", $"l{layer}.sigmoid"], [$"l{layer}.silu"]).Node("Mul", [$"l{layer}.silu", $"l{layer}.up"], [$"l{layer}.wide"]);
            Multiply($"l{layer}.wide", $"l{layer}.down", Inner, Hidden);
            added = $"l{layer}.down";
        }

        Multiply(Norm("final"), "logits", Hidden, Vocabulary);
        graph.Save(Path.Combine(folder, "model.onnx"));
        File.WriteAllText(
            Path.Combine(folder, "genai_config.json"),
            FormattableString.Invariant($$$"""{"model":{"type":"qwen2","bos_token_id":151646,"eos_token_id":151643,"pad_token_id":151643,"context_length":{{{Context}}},"vocab_size":{{{Vocabulary}}},"decoder":{"filename":"model.onnx","head_size":{{{Width}}},"hidden_size":{{{Hidden}}},"num_attention_heads":{{{Heads}}},"num_hidden_layers":{{{Layers}}},"num_key_value_heads":{{{KeyHeads}}}}},"search":{"max_length":{{{Context}}}}}"""));

        string Norm(string name)
        {
            weights.Same(graph, $"{name}.scale", 1, Hidden);
            if (added is null)
            {
                graph.Node("SimplifiedLayerNormalization", [stream, $"{name}.scale"], [$"{name}.normal"], ("axis", -1), ("epsilon", 1e-6f));
                return $"{name}.normal";
            }

            graph.Node("com.microsoft.SkipSimplifiedLayerNormalization", [stream, added, $"{name}.scale"], [$"{name}.normal", "", "", $"{name}.sum"], ("epsilon", 1e-6f));
            stream = $"{name}.sum";
            return $"{name}.normal";
        }

        void Multiply(string from, string to, int width, int count)
        {
            weights.Bytes(graph, $"{to}.w", count, width / Block, Block / 2);
            // Quarters of 16 levels spread evenly over 16 × scale: a standard deviation of 0.02, as weights are initialised.
            weights.Same(graph, $"{to}.s", 0.02f / 4.6f, count * (width / Block));
            graph.Node("com.microsoft.MatMulNBits", [from, $"{to}.w", $"{to}.s"], [to], ("K", width), ("N", count), ("bits", 4), ("block_size", Block), ("accuracy_level", 4));
        }
    }

    private static void Rotations(OnnxFile graph, WeightFile weights)
    {
        var (cosines, sines) = (new float[Context * Width / 2], new float[Context * Width / 2]);
        for (var position = 0; position < Context; position++)
            for (var pair = 0; pair < Width / 2; pair++)
                (sines[position * Width / 2 + pair], cosines[position * Width / 2 + pair]) = MathF.SinCos(position * MathF.Pow(10_000, -2f * pair / Width));
        weights.Floats(graph, "cosines", cosines, Context, Width / 2);
        weights.Floats(graph, "sines", sines, Context, Width / 2);
    }

    /// <summary>The file beside the graph that holds its weights, written as they come.</summary>
    private sealed class WeightFile(string path) : IDisposable
    {
        // A page, so that the library can map what it does not repack.
        private const int Alignment = 4096;
        private readonly FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        private readonly Random random = new(7);

        public void Floats(OnnxFile graph, string name, float[] values, params long[] shape)
        {
            var offset = Align();
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            graph.External(name, TensorElementType.Float, Data, offset, file.Position - offset, shape);
        }

        public void Same(OnnxFile graph, string name, float value, int count)
        {
            var values = new float[count];
            Array.Fill(values, value);
            Floats(graph, name, values, count);
        }

        // Evenly spread instead of normal: of the same deviation, and quick to make.
        public void Normal(OnnxFile graph, string name, float deviation, params long[] shape)
        {
            var offset = Align();
            var rows = shape.Length > 1 ? shape[0] : 1;
            var values = new float[shape[^1]];
            for (var row = 0L; row < rows; row++)
            {
                for (var at = 0; at < values.Length; at++)
                    values[at] = (random.NextSingle() - 0.5f) * deviation * 3.46f;
                file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            }

            graph.External(name, TensorElementType.Float, Data, offset, file.Position - offset, shape);
        }

        public void Bytes(OnnxFile graph, string name, params long[] shape)
        {
            var offset = Align();
            var bytes = new byte[shape[1] * shape[2]];
            for (var row = 0L; row < shape[0]; row++)
            {
                random.NextBytes(bytes);
                file.Write(bytes);
            }

            graph.External(name, TensorElementType.UInt8, Data, offset, file.Position - offset, shape);
        }

        public void Dispose() => file.Dispose();

        private long Align()
        {
            file.Position = (file.Position + Alignment - 1) / Alignment * Alignment;
            return file.Position;
        }
    }
}
