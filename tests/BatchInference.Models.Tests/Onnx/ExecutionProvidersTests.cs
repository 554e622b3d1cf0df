using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Tests.Onnx;

public sealed class ExecutionProvidersTests
{
    [Fact]
    public void TheProcessorOpensWithTheProbe()
    {
        using var options = ExecutionProviders.Open(new OnnxOptions { Threads = 1 });
        using var session = new InferenceSession(ExecutionProviders.Probe.ToArray(), options);

        session.InputMetadata.Keys.ShouldBe(["x"]);
        session.OutputMetadata.Keys.ShouldBe(["y"]);
    }

    [Theory]
    [InlineData(ExecutionProvider.Cuda, "cuda")]
    [InlineData(ExecutionProvider.DirectMl, "directml")]
    public void AProviderThatTheBuildDoesNotHaveIsAnErrorNotTheProcessor(ExecutionProvider provider, string name)
    {
        var error = Should.Throw<ModelException>(() => ExecutionProviders.Open(new OnnxOptions { Provider = provider, DeviceId = 1 }));

        error.Message.ShouldStartWith($"Execution provider `{name}`, device 1: expected it to open a model, found: ");
        error.Message.ShouldEndWith($"Install the build for {name} and the driver of the device, or set the provider to `cpu`.");
    }
}
