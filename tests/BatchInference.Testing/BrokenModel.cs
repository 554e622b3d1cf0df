using System.Text;
using System.Text.Json.Nodes;

namespace BatchInference.Testing;

/// <summary>A model folder that cannot be used: a fixture with one defect, and what must be said of it.</summary>
/// <param name="Of">The fixture.</param>
/// <param name="Defect">What is wrong.</param>
/// <param name="Message">A part of the refusal.</param>
public sealed record BrokenModel(string Of, string Defect, string Message)
{
    public static IReadOnlyList<BrokenModel> All { get; } =
    [
        new("bert", "no configuration", "neither"),
        new("bert", "configuration that is no JSON", "expected JSON"),
        new("bert", "unknown architecture", "found `mamba`"),
        new("bert", "task that is not known", "ForQuestionAnswering"),
        new("bert", "no graph", "expected model.onnx"),
        new("bert", "graph cut off", "damaged or its download was cut off"),
        new("bert", "Git LFS pointer", "Git LFS pointer"),
        new("bert", "empty graph", "no graph"),
        new("bert", "no tokenizer", "expected tokenizer.json"),
        new("bert", "vocabulary too small", "do not belong together"),
        new("bert", "tokenizer of another model", "do not belong together"),
        new("bert", "tokenizer cut off", "expected JSON"),
        new("bert", "tokenizer of another shape", "of the shape that Hugging Face writes"),
        new("bert", "tokenizer with an unknown part", "is not known to this program"),
        new("bert", "no label map", "expected `id2label`"),
        new("bert", "gap in the label map", "a different name for each number"),
        new("bert", "fewer labels than the graph", "The labels of config.json and the graph do not belong together"),
        new("bert", "context longer than the graph's", "do not belong together"),
        new("bert-embedding", "window longer than the graph's", "do not belong together"),
        new("bert", "link out of the folder", "found a link to"),
        new("bert-external", "no weights beside the graph", "found no such file"),
        new("bert-external", "weights outside of the folder", "may not read outside"),
        new("bert", "custom operators", "a library of their own"),
        new("bart-unmerged", "no decoder with past", "decoder_with_past_model.onnx"),
        new("bart", "no decoder", "decoder_model.onnx"),
        new("llama", "graph of another kind", "expected the inputs `input_ids`"),
        new("llama", "settings that are not built", "`guidance_scale`"),
        new("llama", "template that is wrong", "chat template"),
        new("genai-llama-int4", "graph that is not there", "found no `other.onnx`"),
        new("bert", "no context length", "context length"),
    ];

    /// <summary>Makes the folder.</summary>
    public string Make(string to)
    {
        Break(Copy(Of, to));
        return to;
    }

    /// <summary>A copy of a fixture that may be changed.</summary>
    public static string Copy(string of, string to)
    {
        var from = At(of);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }

    /// <summary>Changes a JSON file of a folder.</summary>
    public static void Edit(string folder, string name, Action<JsonObject> edit)
    {
        var path = Path.Combine(folder, name);
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private void Break(string folder)
    {
        var graph = Path.Combine(folder, "model.onnx");
        var tokenizer = Path.Combine(folder, "tokenizer.json");
        switch (Defect)
        {
            case "no configuration": Remove("config.json"); break;
            case "configuration that is no JSON": File.WriteAllText(Path.Combine(folder, "config.json"), "{"); break;
            case "unknown architecture": Edit("config.json", config => config["model_type"] = "mamba"); break;
            case "task that is not known": Edit("config.json", config => config["architectures"] = new JsonArray("BertForQuestionAnswering")); break;
            case "no graph": Remove("model.onnx"); break;
            case "graph cut off": CutOff(graph); break;
            case "Git LFS pointer": File.WriteAllText(graph, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"); break;
            case "empty graph": File.WriteAllBytes(graph, []); break;
            case "no tokenizer": Remove("tokenizer.json"); break;
            case "vocabulary too small": Edit("config.json", config => config["vocab_size"] = 100); break;
            case "tokenizer of another model": File.Copy(Path.Combine(At("camembert"), "tokenizer.json"), tokenizer, overwrite: true); break;
            case "tokenizer cut off": CutOff(tokenizer); break;
            case "tokenizer of another shape": Edit("tokenizer.json", config => config["added_tokens"] = new JsonArray(new JsonObject())); break;
            case "tokenizer with an unknown part": Edit("tokenizer.json", config => config["normalizer"] = new JsonObject { ["type"] = "Magic" }); break;
            case "no label map": Edit("config.json", config => config.Remove("id2label")); break;
            case "gap in the label map": Edit("config.json", config => ((JsonObject)config["id2label"]!).Remove("2")); break;
            case "fewer labels than the graph": Edit("config.json", config => ((JsonObject)config["id2label"]!).Remove("4")); break;
            case "context longer than the graph's": Edit("config.json", config => config["max_position_embeddings"] = 512); break;
            case "window longer than the graph's":
                Edit("config.json", config => config["max_position_embeddings"] = 512);
                Edit("sentence_bert_config.json", config => config["max_seq_length"] = 512);
                break;
            case "link out of the folder": Remove("vocab.txt"); File.CreateSymbolicLink(Path.Combine(folder, "vocab.txt"), "/etc/hostname"); break;
            case "no weights beside the graph": Remove("model.onnx_data"); break;
            case "weights outside of the folder": Replace(graph, "model.onnx_data", "../el.onnx_data"); break;
            case "custom operators": File.AppendAllText(graph, "\x3a\x13\x0a\x11\x22\x06" + "Secret" + "\x3a\x07" + "acme.ai", Encoding.Latin1); break;
            case "no decoder with past": Remove("decoder_with_past_model.onnx"); break;
            case "no decoder": Remove("decoder_model_merged.onnx"); break;
            case "graph of another kind": File.Copy(Path.Combine(At("bert"), "model.onnx"), graph, overwrite: true); break;
            case "settings that are not built": Edit("generation_config.json", config => config["guidance_scale"] = 1.5); break;
            case "template that is wrong": Edit("tokenizer_config.json", config => config["chat_template"] = "{% for %}"); break;
            case "graph that is not there": Edit("genai_config.json", config => config["model"]!["decoder"]!["filename"] = "other.onnx"); break;
            case "no context length":
                Edit("config.json", config => config.Remove("max_position_embeddings"));
                Edit("tokenizer_config.json", config => config.Remove("model_max_length"));
                break;
            default: throw new InvalidOperationException($"Nobody knows how to make: {Defect}.");
        }

        void Remove(string name) => File.Delete(Path.Combine(folder, name));

        void Edit(string name, Action<JsonObject> edit) => BrokenModel.Edit(folder, name, edit);
    }

    private static string At(string fixture) => Repository.At(Path.Combine("tests/fixtures/models", fixture));

    private static void CutOff(string path)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(file.Length / 2);
    }

    private static void Replace(string path, string old, string by) =>
        File.WriteAllText(path, File.ReadAllText(path, Encoding.Latin1).Replace(old, by, StringComparison.Ordinal), Encoding.Latin1);
}
