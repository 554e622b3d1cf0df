using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Onnx;

public sealed class ModelFolderTests : IDisposable
{
    private const string HashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private const string HashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private readonly TempFolder temp = new();

    [Fact]
    public void TheEmbeddedModelIsAsPinned()
    {
        var folder = ModelFolder.Open(Repository.At("config/models/multilingual-e5-small"));

        folder.Name.ShouldBe("multilingual-e5-small");
        folder.Has("onnx/model_int8.onnx").ShouldBeTrue();
        folder.Json("config.json")!.Value.GetProperty("hidden_size").GetInt32().ShouldBe(384);
    }

    [Fact]
    public void AFolderThatIsPinnedOpensAndKeepsItsFingerprint()
    {
        temp.Write("m/config.json", "{}");
        temp.Write("m/onnx/model.onnx", "abc");
        var unpinned = ModelFolder.OpenUnpinned(temp["m"]);

        unpinned.Pin();
        var pinned = ModelFolder.Open(temp["m"]);

        pinned.Files.Select(file => file.Name).ShouldBe(["config.json", "onnx/model.onnx"]);
        pinned.Files[1].Sha256.ShouldBe(HashOfAbc);
        pinned.Fingerprint.ShouldBe(unpinned.Fingerprint);
        File.ReadAllLines(temp["m/SHA256SUMS"])[1].ShouldBe($"{HashOfAbc}  onnx/model.onnx");
    }

    [Fact]
    public void EveryDifferenceIsToldAtOnceWithExpectationFindingAndRemedy()
    {
        temp.Write("m/changed.bin", "");
        temp.Write("m/more/extra.bin", "x");
        temp.Write("m/SHA256SUMS", $"{HashOfAbc}  changed.bin\n{HashOfAbc} *missing.bin\nnonsense\n{HashOfAbc}  ../outside\n");

        var error = Should.Throw<ModelException>(() => ModelFolder.Open(temp["m"]));

        error.Message.Split('\n').ShouldBe(
        [
            $"{temp["m/SHA256SUMS"]}, line 3: expected 64 hexadecimal digits, two blanks and a file name, found `nonsense`. Pin the folder anew with `batch-inference models add`.",
            $"{temp["m/SHA256SUMS"]}, line 4: expected a name inside the folder, found `../outside`. Pin the folder anew with `batch-inference models add`.",
            $"{temp["m/changed.bin"]}: expected SHA-256 {HashOfAbc}, found {HashOfNothing}. Restore the folder from where it came, or, if the change is meant, pin it anew with `batch-inference models add`.",
            $"{temp["m/missing.bin"]}: expected SHA-256 {HashOfAbc}, found no such file. Restore the folder from where it came, or, if the change is meant, pin it anew with `batch-inference models add`.",
            $"{temp["m/more/extra.bin"]}: expected no such file, since SHA256SUMS does not list it. Remove it, or pin the folder anew with `batch-inference models add`.",
        ]);
    }

    [Fact]
    public void AFolderThatIsMissingOrUnpinnedIsRefused()
    {
        Should.Throw<ModelException>(() => ModelFolder.Open(temp["nowhere"])).Message
            .ShouldBe($"{temp["nowhere"]}: expected the folder of a model, found none. `batch-inference models list` shows the models that there are.");

        temp.Write("m/config.json", "{}");
        Should.Throw<ModelException>(() => ModelFolder.Open(temp["m"])).Message
            .ShouldBe($"{temp["m/SHA256SUMS"]}: expected the pins of the model's files, found no such file. Pin the folder with `batch-inference models add`.");
    }

    [Fact]
    public void JsonThatIsNoneIsRefusedWithItsLine()
    {
        temp.Write("m/config.json", "{\n  \"a\": ]\n}");
        var folder = ModelFolder.OpenUnpinned(temp["m"]);

        Should.Throw<ModelException>(() => folder.Json("config.json")).Message.ShouldContain("found an error in line 2");
        folder.Json("other.json").ShouldBeNull();
    }

    public void Dispose() => temp.Dispose();
}
