using System.Text;
using System.Text.Json.Nodes;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Shelf;

public sealed class ModelShelfTests
{
    public static TheoryData<string, ModelKind, string, int> Kinds => new()
    {
        { "bert", ModelKind.Classifier, "optimum", 128 },
        { "distilbert", ModelKind.Classifier, "optimum", 128 },
        { "roberta", ModelKind.Classifier, "optimum", 128 },
        { "camembert", ModelKind.Classifier, "optimum", 128 },
        { "xlm-roberta", ModelKind.Classifier, "optimum", 128 },
        { "xlm-roberta-nli", ModelKind.Classifier, "optimum", 128 },
        { "deberta-v2", ModelKind.Classifier, "optimum", 128 },
        { "modernbert", ModelKind.Classifier, "optimum", 128 },
        { "bert-regression", ModelKind.Classifier, "optimum", 128 },
        { "bert-external", ModelKind.Classifier, "optimum", 128 },
        { "bert-variants", ModelKind.Classifier, "optimum", 128 },
        { "bert-token-classification", ModelKind.TokenClassifier, "optimum", 128 },
        { "bert-embedding", ModelKind.Embedder, "sentence-transformers", 128 },
        { "t5", ModelKind.EncoderDecoder, "optimum", 128 },
        { "mt5", ModelKind.EncoderDecoder, "optimum", 128 },
        { "bart", ModelKind.EncoderDecoder, "optimum", 160 },
        { "bart-unmerged", ModelKind.EncoderDecoder, "optimum", 160 },
        { "mbart", ModelKind.EncoderDecoder, "optimum", 160 },
        { "marian", ModelKind.EncoderDecoder, "optimum", 160 },
        { "pegasus", ModelKind.EncoderDecoder, "optimum", 160 },
        { "gpt2", ModelKind.Decoder, "optimum", 160 },
        { "llama", ModelKind.Decoder, "optimum", 512 },
        { "qwen2", ModelKind.Decoder, "optimum", 512 },
        { "qwen3", ModelKind.Decoder, "optimum", 512 },
        { "deepseek-r1", ModelKind.Decoder, "optimum", 512 },
        { "mistral", ModelKind.Decoder, "optimum", 512 },
        { "gemma2", ModelKind.Decoder, "optimum", 512 },
        { "gemma3", ModelKind.Decoder, "optimum", 512 },
        { "genai-llama-int4", ModelKind.Decoder, "genai", 512 },
        { "genai-deepseek-r1-fp32", ModelKind.Decoder, "genai", 512 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryLayoutIsRecognised(string name, ModelKind kind, string layout, int context)
    {
        var description = ModelInspection.Inspect(ModelFolder.OpenUnpinned(At(name)));
        (description.Kind, description.Layout, description.Context).ShouldBe((kind, layout, context));
    }

    [Fact]
    public void WhatAModelCanDoIsSaidInOneLine()
    {
        ModelInspection.Inspect(ModelFolder.OpenUnpinned(At("bert-variants"))).Says
            .ShouldBe("classifies into 5 labels (politique, sport, santé, économie, environnement); bert, optimum layout, reads 128 tokens at once; variants: fp16, fp16_output, q4, q8, quantized");
        ModelInspection.Inspect(ModelFolder.OpenUnpinned(At("llama"))).Says.ShouldStartWith("follows instructions; llama");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAddedModelIsPinnedListedAndOpens(bool link)
    {
        using var state = new TempFolder();
        var shelf = new ModelShelf(state["shipped"], state["models"]);
        shelf.Add(At("bert-external"), "courrier", link).Kind.ShouldBe(ModelKind.Classifier);
        shelf.Names.ShouldBe(["courrier"]);
        shelf.Open("courrier").Files.Select(file => file.Name).ShouldContain("model.onnx_data");
        shelf.Describe("courrier").Labels.Count.ShouldBe(5);
        Should.Throw<ModelException>(() => shelf.Add(At("bert"), "courrier", link)).Message.ShouldContain("on the shelf already");
        Should.Throw<ModelException>(() => shelf.Add(At("bert"), "../bert", link)).Message.ShouldContain("a name of letters");
        Should.Throw<ModelException>(() => shelf.Open("absent")).Message.ShouldContain("found courrier");
    }

    [Fact]
    public void AFileThatChangedAfterItWasPinnedIsTold()
    {
        using var state = new TempFolder();
        var shelf = new ModelShelf(state["shipped"], state["models"]);
        shelf.Add(At("bert"), null, link: false);
        File.AppendAllText(state["models/bert/config.json"], " ");
        Should.Throw<ModelException>(() => shelf.Open("bert")).Message.ShouldContain("config.json: expected SHA-256");
    }

    public static TheoryData<string, string, string> Broken => new()
    {
        { "bert", "no configuration", "neither" },
        { "bert", "configuration that is no JSON", "expected JSON" },
        { "bert", "unknown architecture", "found `mamba`" },
        { "bert", "task that is not known", "ForQuestionAnswering" },
        { "bert", "no graph", "expected model.onnx" },
        { "bert", "graph cut off", "damaged or its download was cut off" },
        { "bert", "Git LFS pointer", "Git LFS pointer" },
        { "bert", "empty graph", "no graph" },
        { "bert", "no tokenizer", "expected tokenizer.json" },
        { "bert", "vocabulary too small", "do not belong together" },
        { "bert", "tokenizer of another shape", "of the shape that Hugging Face writes" },
        { "bert", "no label map", "expected `id2label`" },
        { "bert", "gap in the label map", "a different name for each number" },
        { "bert-external", "no weights beside the graph", "found no such file" },
        { "bert-external", "weights outside of the folder", "may not read outside" },
        { "bert", "custom operators", "a library of their own" },
        { "bart-unmerged", "no decoder with past", "decoder_with_past_model.onnx" },
        { "llama", "settings that are not built", "`guidance_scale`" },
        { "llama", "template that is wrong", "chat template" },
        { "genai-llama-int4", "graph that is not there", "found no `other.onnx`" },
        { "bert", "no context length", "context length" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void ABrokenFolderIsRefusedWithTheReasonAndNothingIsLeftOnTheShelf(string name, string defect, string message)
    {
        using var state = new TempFolder();
        var source = Copy(At(name), state["source"]);
        Break(source, defect);
        var shelf = new ModelShelf(state["shipped"], state["models"]);
        var error = Should.Throw<ModelException>(() => shelf.Add(source, "new", link: false));
        error.Message.ShouldContain(message);
        error.Message.ShouldContain(source);
        Directory.Exists(state["models/new"]).ShouldBeFalse();
        shelf.Names.ShouldBeEmpty();
    }

    private static void Break(string folder, string defect)
    {
        var graph = Path.Combine(folder, "model.onnx");
        switch (defect)
        {
            case "no configuration": Remove(folder, "config.json"); break;
            case "configuration that is no JSON": File.WriteAllText(Path.Combine(folder, "config.json"), "{"); break;
            case "unknown architecture": Edit(folder, "config.json", config => config["model_type"] = "mamba"); break;
            case "task that is not known": Edit(folder, "config.json", config => config["architectures"] = new JsonArray("BertForQuestionAnswering")); break;
            case "no graph": Remove(folder, "model.onnx"); break;
            case "graph cut off": using (var file = File.OpenWrite(graph)) file.SetLength(file.Length / 2); break;
            case "Git LFS pointer": File.WriteAllText(graph, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"); break;
            case "empty graph": File.WriteAllBytes(graph, []); break;
            case "no tokenizer": Remove(folder, "tokenizer.json"); break;
            case "vocabulary too small": Edit(folder, "config.json", config => config["vocab_size"] = 100); break;
            case "tokenizer of another shape": Edit(folder, "tokenizer.json", tokenizer => tokenizer["added_tokens"] = new JsonArray(new JsonObject())); break;
            case "no label map": Edit(folder, "config.json", config => config.Remove("id2label")); break;
            case "gap in the label map": Edit(folder, "config.json", config => ((JsonObject)config["id2label"]!).Remove("2")); break;
            case "no weights beside the graph": Remove(folder, "model.onnx_data"); break;
            case "weights outside of the folder": Replace(graph, "model.onnx_data", "../el.onnx_data"); break;
            case "custom operators": File.AppendAllText(graph, "\x3a\x13\x0a\x11\x22\x06" + "Secret" + "\x3a\x07" + "acme.ai", Encoding.Latin1); break;
            case "no decoder with past": Remove(folder, "decoder_with_past_model.onnx"); break;
            case "settings that are not built": Edit(folder, "generation_config.json", config => config["guidance_scale"] = 1.5); break;
            case "template that is wrong": Edit(folder, "tokenizer_config.json", config => config["chat_template"] = "{% for %}"); break;
            case "graph that is not there": Edit(folder, "genai_config.json", config => config["model"]!["decoder"]!["filename"] = "other.onnx"); break;
            case "no context length":
                Edit(folder, "config.json", config => config.Remove("max_position_embeddings"));
                Edit(folder, "tokenizer_config.json", config => config.Remove("model_max_length"));
                break;
            default: throw new ArgumentOutOfRangeException(nameof(defect), defect, null);
        }
    }

    private static string At(string name) => Repository.At(Path.Combine("tests/fixtures/models", name));

    private static string Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }

    private static void Remove(string folder, string name) => File.Delete(Path.Combine(folder, name));

    private static void Edit(string folder, string name, Action<JsonObject> edit)
    {
        var path = Path.Combine(folder, name);
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private static void Replace(string path, string old, string by) =>
        File.WriteAllText(path, File.ReadAllText(path, Encoding.Latin1).Replace(old, by, StringComparison.Ordinal), Encoding.Latin1);
}
