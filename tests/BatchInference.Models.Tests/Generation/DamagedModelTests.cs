using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Testing;
using CsCheck;

namespace BatchInference.Models.Tests.Generation;

/// <summary>Whatever is done to the files of a model, loading it and generating with it ends well or with a <see cref="ModelException"/> that says why; never with another, never with the process.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private static readonly long Long = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 10 : 1;
    private readonly TempFolder temp = new();

    [Theory]
    [InlineData("qwen2", "model.onnx")]
    [InlineData("genai-llama-int4", "model.onnx")]
    [InlineData("bart", "decoder_model_merged.onnx")]
    [InlineData("bart", "encoder_model.onnx")]
    public void AGraphThatWasCutOffIsRefused(string name, string file)
    {
        Copy(name);
        var whole = File.ReadAllBytes(temp[file]);
        // The last few bytes may say only which operators it knows: without them it may still load.
        Gen.Int[0, whole.Length - 64].Sample(
            length =>
            {
                File.WriteAllBytes(temp[file], whole[..length]);
                Should.Throw<ModelException>(() => GeneratingModelFiles.Load(ModelFolder.OpenUnpinned(temp), "", Fixture.Options).Dispose()).Message.ShouldStartWith(temp.Path);
            },
            iter: 20 * Long, threads: 1);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    public void AConfigurationWithOtherValuesIsRefusedOrWorks(string file)
    {
        Copy("qwen2");
        var whole = JsonNode.Parse(File.ReadAllText(temp[file]))!.AsObject();
        string[] keys = [.. whole.Select(entry => entry.Key), "forced_bos_token_id", "forced_eos_token_id", "stop_strings", "bad_words_ids", "suppress_tokens", "num_beams", "max_length", "min_new_tokens", "top_p", "length_penalty"];
        string[] values = ["-1", "0", "1", "3000000000", "2.5", "1e300", "-0.5", "true", "\"text\"", "\"\"", "[]", "{}", "[-1]", "[[]]", "[[1,2],[3]]", "[null]", "[\"a\"]"];
        Gen.Select(Gen.Int[0, keys.Length - 1].Select(index => keys[index]), Gen.Int[0, values.Length - 1].Select(index => values[index])).Sample(
            (key, value) =>
            {
                var damaged = whole.DeepClone().AsObject();
                damaged[key] = JsonNode.Parse(value);
                File.WriteAllText(temp[file], damaged.ToJsonString());
                Try(() => Generate(ModelFolder.OpenUnpinned(temp)), $"{key}: {value}");
            },
            iter: 60 * Long, threads: 1);
    }

    [Fact]
    public void BytesThatAreNoGraphAreRefused() =>
        Gen.Byte.Array[0, 400].Sample(
            bytes =>
            {
                File.WriteAllBytes(temp["model.onnx"], bytes);
                try
                {
                    OnnxGraphFile.Read(temp["model.onnx"]);
                }
                catch (ModelException error)
                {
                    error.Message.ShouldStartWith(temp["model.onnx"]);
                }
            },
            iter: 2_000 * Long, threads: 1);

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("7")]
    public void SettingsThatAreNoObjectAreRefused(string json) =>
        Should.Throw<ModelException>(() => GenerationSettingsFile.Apply(new GenerationSettings(), JsonDocument.Parse(json).RootElement, "generation_config.json")).Message
            .ShouldBe($"generation_config.json: expected an object of settings, found {json}. Restore the file from where the model came.");

    public void Dispose() => temp.Dispose();

    private static void Generate(ModelFolder folder)
    {
        var settings = GenerationSettingsFile.Read(folder) with { MaxNewTokens = 3 };
        using var model = GeneratingModelFiles.Load(folder, "", Fixture.Options);
        // A prompt that the model does not read would be the caller's mistake.
        int[] prompt = [20, 21, 22];
        new GenerationLoop(model, settings).Generate([new GenerationRow(prompt[..Math.Min(prompt.Length, model.Context ?? prompt.Length)])], null, CancellationToken.None);
    }

    private static void Try(Action act, string what)
    {
        try
        {
            act();
        }
        catch (ModelException error)
        {
            error.Message.ShouldContain("xpected", Case.Sensitive, what);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what} ended with {error.GetType().Name}: {error.Message}", error);
        }
    }

    private void Copy(string name)
    {
        foreach (var file in Directory.GetFiles(new Fixture(name).Folder.Path).Where(path => !path.EndsWith("expected.json", StringComparison.Ordinal)))
            File.Copy(file, temp[Path.GetFileName(file)]);
    }
}
