using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tests.Generation;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

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

    [Fact]
    public void CudaIsToldDeviceAndLimitAndToKeepSinglePrecision()
    {
        ExecutionProviders.CudaSettings(new OnnxOptions { Provider = ExecutionProvider.Cuda, DeviceId = 2, DeviceMemoryLimit = 4096L * 1024 * 1024 }).ShouldBe(new Dictionary<string, string>
        {
            ["device_id"] = "2", ["use_tf32"] = "0", ["gpu_mem_limit"] = "4294967296", ["arena_extend_strategy"] = "kSameAsRequested",
        });
        ExecutionProviders.CudaSettings(new OnnxOptions { Provider = ExecutionProvider.Cuda }).Keys.ShouldBe(["device_id", "use_tf32"]);
    }

    [Fact]
    public void DirectMlHasNoLimitOfMemoryToKeep() =>
        Should.Throw<ModelException>(() => ExecutionProviders.Open(new OnnxOptions { Provider = ExecutionProvider.DirectMl, DeviceMemoryLimit = 1024L * 1024 * 1024 })).Message
            .ShouldBe("Execution provider `directml`: expected no limit of its memory, which DirectML cannot keep, found 1024 MB. Remove `Models:DeviceMemoryMegabytes`, or use cuda.");

    [Theory]
    [InlineData(ExecutionProvider.Cuda)]
    [InlineData(ExecutionProvider.DirectMl)]
    public void ASessionKeepsToWhatDirectMlDemands(ExecutionProvider provider)
    {
        using var options = ExecutionProviders.Open(Pretending(provider));

        options.EnableMemoryPattern.ShouldBeFalse();
        options.ExecutionMode.ShouldBe(ExecutionMode.ORT_SEQUENTIAL);
    }

    [Fact]
    public void AProviderThatFailsAtTheProbeIsAnErrorWithTheLibrarysReason()
    {
        var options = new OnnxOptions { Provider = ExecutionProvider.Cuda, Append = (session, _) => session.AppendExecutionProvider("DML") };

        Should.Throw<ModelException>(() => ExecutionProviders.Open(options)).Message
            .ShouldMatch("^Execution provider `cuda`, device 0: expected it to open a model, found: .*DML.* This build has .*CPUExecutionProvider\\. Install the build for cuda");
    }

    [Theory]
    [InlineData("qwen2", "model.onnx")]
    [InlineData("genai-llama-int4", "model.onnx")]
    [InlineData("bart", "encoder_model.onnx")]
    public void ADeviceThatLeavesTheMatrixProductsToTheProcessorIsRefusedAtLoad(string name, string graph)
    {
        var fixture = new Fixture(name);

        var error = Should.Throw<ModelException>(() => GeneratingModelFiles.Load(fixture.Folder, "", Pretending(ExecutionProvider.Cuda)));

        error.Message.ShouldMatch($"^{System.Text.RegularExpressions.Regex.Escape(fixture.Folder.At(graph))}: expected every matrix product on cuda, found \\d+ on the processor, first \\w*(MatMul|Gemm)\\w* \\(");
        error.Message.ShouldEndWith("Choose another variant of the model (float16 where the device computes in it), or set the provider to `cpu`.");
    }

    [Fact]
    public void AnEncoderThatADeviceLeavesToTheProcessorIsRefusedAtLoad() =>
        Should.Throw<ModelException>(() => EncoderPass.Load(ModelFolder.Open(Repository.At("config/models/multilingual-e5-small")), "int8", [], Pretending(ExecutionProvider.DirectMl))).Message
            .ShouldContain("expected every matrix product on directml, found ");

    [Fact]
    public void AClassifierThatADeviceLeavesToTheProcessorIsRefusedAtLoad() =>
        Should.Throw<ModelException>(() => SequenceClassifierModel.Load(new Fixture("bert").Folder.At("model.onnx"), 5, 1000, 0, Pretending(ExecutionProvider.Cuda))).Message
            .ShouldContain("expected every matrix product on cuda, found ");

    [Fact]
    public void WhatIsNoMatrixProductMayRunOnTheProcessorAndNoProfileIsLeft()
    {
        using var temp = new TempFolder();
        var path = new OnnxFile().Input("x", TensorElementType.Float, 1).Output("y", TensorElementType.Float, 1).Node("Neg", ["x"], ["y"]).Save(temp["neg.onnx"]);
        var options = Pretending(ExecutionProvider.DirectMl);
        using (var model = OnnxModel.Load(path, options))
        {
            using var value = OrtValue.CreateTensorValueFromMemory(new[] { 3f }, [1]);
            for (var turn = 0; turn < 2; turn++)
                using (var given = model.Run(["x"], [value], ["y"], CancellationToken.None))
                    given[0].GetTensorDataAsSpan<float>()[0].ShouldBe(-3);
        }

        using var session = new SessionOptions();
        RunProfile.Enable(session);
        string prefix = session.ProfileOutputPathPrefix;
        using (var unused = new InferenceSession(path, session))
            RunProfile.End(unused).ShouldBeEmpty();
        Directory.GetFiles(Path.GetDirectoryName(prefix)!, Path.GetFileName(prefix) + "*").ShouldBeEmpty();
    }

    // A device whose library says that it works, and that gives everything back to the processor.
    private static OnnxOptions Pretending(ExecutionProvider provider) => new() { Provider = provider, Threads = 1, Append = static (_, _) => { } };
}
