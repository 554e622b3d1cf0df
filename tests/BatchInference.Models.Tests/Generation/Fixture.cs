using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Generation;

/// <summary>A model folder of the fixtures with what the reference implementation gives for it.</summary>
internal sealed class Fixture
{
    public Fixture(string name)
    {
        Name = name;
        Folder = ModelFolder.OpenUnpinned(Repository.At(Path.Combine("tests/fixtures/models", name)));
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder.Path, "expected.json")));
        Expected = document.RootElement.Clone();
    }

    public string Name { get; }

    public ModelFolder Folder { get; }

    public JsonElement Expected { get; }

    /// <summary>One thread: tiny models only lose by more.</summary>
    public static OnnxOptions Options { get; } = new() { Threads = 1 };

    /// <summary>The names of all fixtures whose expectations have a part.</summary>
    public static IEnumerable<string> Having(string part) =>
        Directory.GetDirectories(Repository.At("tests/fixtures/models")).Order(StringComparer.Ordinal)
            .Where(folder => File.ReadLines(Path.Combine(folder, "expected.json")).Any(line => line.TrimStart('{').StartsWith($"\"{part}\":", StringComparison.Ordinal)))
            .Select(folder => Path.GetFileName(folder)!);

    public static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];

    public static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetSingle())];
}
