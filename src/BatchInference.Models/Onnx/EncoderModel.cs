using System.Buffers;
using BatchInference.Models.Batching;
using BatchInference.Models.Tokens;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>Reads the last hidden states of one row: its tokens without padding, each as wide as the model, one after the other.</summary>
internal delegate void StatesReader(int row, ReadOnlySpan<float> states);

/// <summary>The graph of a sentence encoder: <c>input_ids</c>, <c>attention_mask</c> (int64, rows × length) to <c>last_hidden_state</c> (float, rows × length × width).</summary>
internal sealed class EncoderModel : IDisposable
{
    private const string Ids = "input_ids";
    private const string Mask = "attention_mask";
    private const string Types = "token_type_ids";
    private const string States = "last_hidden_state";

    private readonly OnnxModel model;
    private readonly string[] inputs;
    private readonly int vocabulary;
    private readonly int padding;
    private readonly FittingBatch fitting;

    private EncoderModel(OnnxModel model, string[] inputs, int width, int vocabulary, int padding, FittingBatch fitting)
    {
        this.model = model;
        this.fitting = fitting;
        this.inputs = inputs;
        this.vocabulary = vocabulary;
        this.padding = padding;
        Width = width;
    }

    /// <summary>How many numbers a state has.</summary>
    public int Width { get; }

    /// <summary>Loads one variant of the graph and verifies its inputs and outputs.</summary>
    /// <param name="path">The graph.</param>
    /// <param name="width">How wide its states must be.</param>
    /// <param name="vocabulary">How many ids it knows.</param>
    /// <param name="padding">The id that fills rows up.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">The graph cannot be loaded or is not an encoder of this width.</exception>
    public static EncoderModel Load(string path, int width, int vocabulary, int padding, OnnxOptions options)
    {
        var model = OnnxModel.Load(path, options);
        try
        {
            string[] inputs = model.Inputs.ContainsKey(Types) ? [Ids, Mask, Types] : [Ids, Mask];
            foreach (var input in inputs)
                model.RequireInput(input, TensorElementType.Int64, -1, -1);
            model.RequireOnlyInputs(inputs);
            model.RequireOutput(States, TensorElementType.Float, -1, -1, width);
            var encoder = new EncoderModel(model, inputs, width, vocabulary, padding, options.FittingOf(path));
            // On a device the first run tells whether it does the work; better here than in the night.
            if (options.Provider != ExecutionProvider.Cpu)
                encoder.Run(new TokenBatch([new TokenChunk { Index = 0, Ids = [padding], Range = default, TextTokens = 1 }]), static (_, _) => { }, CancellationToken.None);
            return encoder;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Runs a batch and hands each row's states to the reader, in the order of the rows; they are gone after it returns.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public void Run(TokenBatch batch, StatesReader read, CancellationToken cancellationToken) =>
        fitting.Run([.. batch.Rows.Select(row => row.Ids.Length)], (from, count) =>
            RunPart(count == batch.Rows.Count ? batch : new TokenBatch([.. batch.Rows.Skip(from).Take(count)]), (row, states) => read(from + row, states), cancellationToken));

    public void Dispose() => model.Dispose();

    private void RunPart(TokenBatch batch, StatesReader read, CancellationToken cancellationToken)
    {
        var (rows, length) = (batch.Rows.Count, batch.Length);
        var count = rows * length;
        var memory = ArrayPool<long>.Shared.Rent(inputs.Length * count);
        try
        {
            Fill(batch, memory.AsSpan(0, inputs.Length * count), count);
            var values = new OrtValue[inputs.Length];
            try
            {
                for (var input = 0; input < inputs.Length; input++)
                    values[input] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory.AsMemory(input * count, count), [rows, length]);
                using var results = model.Run(inputs, values, [States], cancellationToken);
                var states = results[0].GetTensorDataAsSpan<float>();
                if (states.Length != (long)count * Width)
                    throw new InvalidDataException($"The model gave {states.Length} numbers for {rows} × {length} tokens of {Width}.");
                for (var row = 0; row < rows; row++)
                    read(row, states.Slice(row * length * Width, batch.Rows[row].Ids.Length * Width));
            }
            finally
            {
                foreach (var value in values)
                    value?.Dispose();
            }
        }
        finally
        {
            ArrayPool<long>.Shared.Return(memory);
        }
    }

    private void Fill(TokenBatch batch, Span<long> memory, int count)
    {
        var ids = memory[..count];
        var mask = memory.Slice(count, count);
        ids.Fill(padding);
        mask.Clear();
        // Types, where the graph wants them, are all zero unless the row has its own.
        var types = inputs.Length > 2 ? memory.Slice(2 * count, count) : [];
        types.Clear();
        for (var row = 0; row < batch.Rows.Count; row++)
        {
            var (chunk, at) = (batch.Rows[row], row * batch.Length);
            OnnxModel.ValidateIds(chunk.Ids, vocabulary);
            for (var token = 0; token < chunk.Ids.Length; token++)
                ids[at + token] = chunk.Ids[token];
            mask.Slice(at, chunk.Ids.Length).Fill(1);
            if (types.IsEmpty || chunk.TypeIds is not { } own)
                continue;
            for (var token = 0; token < own.Length; token++)
                types[at + token] = own[token];
        }
    }
}
