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
}
