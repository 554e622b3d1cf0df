using BatchInference.Models.Onnx;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Tests.Onnx;

public sealed class OnnxModelTests
{
    private static readonly string Scorer = Repository.At("config/models/multilingual-e5-small/summary.onnx");

    [Fact]
    public void AModelRuns()
    {
        using var model = OnnxModel.Load(Scorer, new OnnxOptions { Threads = 1 });
        using var vectors = OrtValue.CreateTensorValueFromMemory(new float[2 * 384], [2, 384]);
        using var tokens = OrtValue.CreateTensorValueFromMemory(new long[] { 4, 5 }, [2]);

        using var results = model.Run(["sentence_embeddings", "token_counts"], [vectors, tokens], ["scores"], CancellationToken.None);

        results[0].GetTensorDataAsSpan<float>().Length.ShouldBe(2);
    }

    [Fact]
    public void InputsAndOutputsAreVerifiedByNameTypeAndShape()
    {
        using var model = OnnxModel.Load(Scorer, new OnnxOptions { Threads = 1 });

        model.RequireInput("token_counts", TensorElementType.Int64, -1);
        Should.Throw<ModelException>(() => model.RequireInput("input_ids", TensorElementType.Int64, -1, -1)).Message
            .ShouldBe($"{Scorer}: expected the input `input_ids`, found `sentence_embeddings`, `token_counts`. This graph is not of the kind that the task needs; export the model for it.");
        Should.Throw<ModelException>(() => model.RequireInput("token_counts", TensorElementType.Int32, -1)).Message
            .ShouldBe($"{Scorer}: expected the input `token_counts` as Int32 [any], found Int64 [any]. Export the model again with this shape.");
        Should.Throw<ModelException>(() => model.RequireInput("sentence_embeddings", TensorElementType.Float, -1, 768)).Message
            .ShouldBe($"{Scorer}: expected the input `sentence_embeddings` as Float [any × 768], found Float [any × 384]. Export the model again with this shape.");
        Should.Throw<ModelException>(() => model.RequireOnlyInputs("token_counts")).Message.ShouldContain("found also `sentence_embeddings`");
    }

    [Fact]
    public void AFileThatIsNoModelIsRefused()
    {
        using var temp = new TempFolder();
        var path = temp.Write("model.onnx", "no model");

        Should.Throw<ModelException>(() => OnnxModel.Load(path, new OnnxOptions())).Message.ShouldStartWith($"{path}: expected an ONNX model for cpu, found: ");
    }

    [Fact]
    public async Task AStopEndsARunThatWouldNotEnd()
    {
        using var temp = new TempFolder();
        using var model = OnnxModel.Load(EndlessLoop().Save(temp["endless.onnx"]), new OnnxOptions { Threads = 1 });
        using var value = OrtValue.CreateTensorValueFromMemory(new[] { 1f }, [1]);
        using var stop = new CancellationTokenSource();

        var run = Task.Run(() => model.Run(["x"], [value], ["y"], stop.Token), TestContext.Current.CancellationToken);
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(run);
    }

    [Fact]
    public void ARunThatNeedsMoreMemoryThanThereIsSaysSo()
    {
        using var temp = new TempFolder();
        // 2^60 bytes: beyond what any machine can address.
        var graph = new OnnxFile().Input("x", TensorElementType.Float, 1).Output("y", TensorElementType.Float, "n")
            .Weights<long>("shape", TensorElementType.Int64, [1L << 58], 1).Node("Expand", ["x", "shape"], ["y"]);
        using var model = OnnxModel.Load(graph.Save(temp["large.onnx"]), new OnnxOptions { Threads = 1 });
        using var value = OrtValue.CreateTensorValueFromMemory(new[] { 1f }, [1]);

        Should.Throw<DeviceMemoryException>(() => model.Run(["x"], [value], ["y"], CancellationToken.None)).Message.ShouldStartWith($"{temp["large.onnx"]}: the batch did not fit into the memory of the device: ");
    }

    private static OnnxFile EndlessLoop()
    {
        var body = new OnnxFile()
            .Input("i", TensorElementType.Int64).Input("on", TensorElementType.Bool).Input("v", TensorElementType.Float, 1)
            .Output("again", TensorElementType.Bool).Output("w", TensorElementType.Float, 1)
            .Node("Identity", ["on"], ["again"]).Node("Neg", ["v"], ["w"]);
        return new OnnxFile().Input("x", TensorElementType.Float, 1).Output("y", TensorElementType.Float, 1)
            .Weights<long>("times", TensorElementType.Int64, [long.MaxValue]).Weights<byte>("begin", TensorElementType.Bool, [1])
            .Node("Loop", ["times", "begin", "x"], ["y"], ("body", body));
    }
}
