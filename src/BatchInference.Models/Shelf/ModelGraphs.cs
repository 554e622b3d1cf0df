using System.Text.Json;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>The graphs of a model folder.</summary>
/// <param name="Files">Their paths in the folder, with the variant that each belongs to.</param>
/// <param name="Variants">What is behind their common name: <c>q4</c> of <c>model_q4.onnx</c>; empty for the plain one.</param>
internal sealed record ModelGraphs(IReadOnlyList<(string Path, string Variant)> Files, IReadOnlyList<string> Variants)
{
    // What the library itself brings; other domains need a library of operators, which is code that this program does not load.
    private static readonly string[] Domains = ["", "ai.onnx.ml", "com.microsoft"];

    /// <summary>Finds the graphs that a kind of model needs; tells what is missing.</summary>
    public static ModelGraphs Of(ModelFolder folder, ModelKind kind, JsonElement? genai, List<string> problems)
    {
        if (genai is { } config)
        {
            var name = config.TryGetProperty("model", out var model) && model.TryGetProperty("decoder", out var decoder) && decoder.TryGetProperty("filename", out var file) ? file.GetString() : null;
            if (name is not null && folder.Has(name))
                return new ModelGraphs([(name, "")], [""]);
            problems.Add($"{folder.Path}: expected the graph that `model.decoder.filename` of genai_config.json names, found {(name is null ? "no name" : $"no `{name}`")}. Fetch the folder again.");
            return new ModelGraphs([], []);
        }

        string[] stems = kind == ModelKind.EncoderDecoder ? ["encoder_model"] : ["model"];
        var variants = VariantsOf(folder, stems[0]);
        if (variants.Count == 0)
            problems.Add($"{folder.Path}: expected {stems[0]}.onnx, there or in onnx/, found {Found(folder)}. Export the model to ONNX (optimum-cli export onnx).");
        if (kind == ModelKind.EncoderDecoder)
        {
            var merged = VariantsOf(folder, "decoder_model_merged");
            if (merged.Count > 0)
                stems = [.. stems, "decoder_model_merged"];
            else
                stems = [.. stems, "decoder_model", "decoder_with_past_model"];
            foreach (var stem in stems.Where(stem => VariantsOf(folder, stem).Count == 0))
                problems.Add($"{folder.Path}: expected {stem}.onnx, there or in onnx/, found {Found(folder)}. Export the model with its cache (optimum-cli export onnx --task text2text-generation-with-past).");
            variants = [.. variants.Where(variant => stems.All(stem => VariantsOf(folder, stem).Contains(variant)))];
        }

        return new ModelGraphs([.. stems.SelectMany(stem => VariantsOf(folder, stem).Select(variant => (Path(folder, stem, variant), variant)))], variants);
    }

    /// <summary>Reads one graph's frame: whole, with known operators, its weights inside the folder and there.</summary>
    /// <returns>True when rows of it change each other's answers.</returns>
    public static bool Check(ModelFolder folder, string graph, List<string> problems)
    {
        var path = folder.At(graph);
        var file = OnnxGraphFile.Read(path);
        foreach (var group in file.Operators.Where(known => !Domains.Contains(known.Domain)).GroupBy(known => known.Domain))
            problems.Add($"{path}: expected operators of ONNX and com.microsoft, found {string.Join(", ", group.Select(known => known.Name).Order(StringComparer.Ordinal))} of `{group.Key}`. They need a library of their own, which this program does not load; export the model without them.");
        var parent = graph.Contains('/', StringComparison.Ordinal) ? graph[..(graph.LastIndexOf('/') + 1)] : "";
        foreach (var name in file.ExternalFiles)
        {
            if (System.IO.Path.IsPathRooted(name) || name.Contains('\\', StringComparison.Ordinal) || name.Contains(':', StringComparison.Ordinal) || name.Split('/').Any(part => part is "" or "." or ".."))
                problems.Add($"{path}: expected weights in a file of the folder, found `{name}`. A graph may not read outside of its folder; export the model again.");
            else if (!folder.Has(parent + name))
                problems.Add($"{path}: expected the weights in {parent}{name}, found no such file. Fetch the folder again, with all its files.");
        }

        return file.MindsCompany;
    }

    private static List<string> VariantsOf(ModelFolder folder, string stem)
    {
        var variants = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in folder.Files)
        {
            var name = file.Name.StartsWith("onnx/", StringComparison.Ordinal) ? file.Name["onnx/".Length..] : file.Name;
            if (name == $"{stem}.onnx")
                variants.Add("");
            else if (name.StartsWith(stem + "_", StringComparison.Ordinal) && name.EndsWith(".onnx", StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal) && !IsOther(stem, name))
                variants.Add(name[(stem.Length + 1)..^".onnx".Length]);
        }

        return [.. variants];
    }

    // decoder_model_merged.onnx is no variant of decoder_model.
    private static bool IsOther(string stem, string name) => stem == "decoder_model" && name.StartsWith("decoder_model_merged", StringComparison.Ordinal);

    private static string Path(ModelFolder folder, string stem, string variant)
    {
        var name = variant.Length == 0 ? $"{stem}.onnx" : $"{stem}_{variant}.onnx";
        return folder.Has(name) ? name : $"onnx/{name}";
    }

    private static string Found(ModelFolder folder) => folder.Files.Where(file => file.Name.EndsWith(".onnx", StringComparison.Ordinal)).Select(file => file.Name).ToList() is { Count: > 0 } names ? string.Join(", ", names) : "no .onnx file";
}
