using System.Text.Json.Nodes;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
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
            .ShouldBe("classifies into 5 labels (politique, sport, santé, économie, environnement); bert, optimum layout, reads 128 tokens at once; variants: fp16, fp16_output, q4, q8, quantized (quantized: dynamic int8, one window at a time)");
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

    [Theory]
    [InlineData("roberta", 129)]
    [InlineData("camembert", 129)]
    [InlineData("xlm-roberta", 129)]
    [InlineData("mpnet", 129)]
    [InlineData("bert", 128)]
    public void AnEncoderWhosePositionsBeginBehindThePaddingsHasAsManyFewerTokens(string architecture, int positions)
    {
        using var state = new TempFolder();
        // The graph has 128 positions; that of its padding, 0, is one more in the architectures that count so.
        var source = BrokenModel.Copy("bert-embedding", state["source"]);
        BrokenModel.Edit(source, "config.json", config => (config["model_type"], config["max_position_embeddings"]) = (architecture, positions));
        BrokenModel.Edit(source, "sentence_bert_config.json", config => config["max_seq_length"] = 512);

        new ModelShelf(state["shipped"], state["models"]).Add(source, "new", link: false).Context.ShouldBe(128);
        EncoderSettings.Read(ModelFolder.OpenUnpinned(source)).Length.ShouldBe(128);
    }

    [Theory]
    [InlineData("bart", true, false, true)]
    [InlineData("bart", false, false, false)]
    [InlineData("bart", true, true, false)]
    [InlineData("xlm-roberta", true, false, true)]
    [InlineData("xlm-roberta", false, false, false)]
    [InlineData("xlm-roberta", true, true, false)]
    public void ATokenBehindTheModelsLastIsAllowedWhereNoTextCanYieldIt(string name, bool special, bool framing, bool allowed)
    {
        using var state = new TempFolder();
        var source = BrokenModel.Copy(name, state["source"]);
        BrokenModel.Edit(source, "config.json", config => config["vocab_size"] = config["vocab_size"]!.GetValue<int>() - 1);
        BrokenModel.Edit(source, "tokenizer.json", tokenizer =>
        {
            // Of both models the mask is the last token: in the vocabulary, and among the added ones.
            var mask = tokenizer["added_tokens"]!.AsArray().Single(token => token!["content"]!.GetValue<string>() == "<mask>")!;
            mask["special"] = special;
            if (framing)
                tokenizer["post_processor"] = new JsonObject { ["type"] = "RobertaProcessing", ["cls"] = new JsonArray("<s>", 0), ["sep"] = new JsonArray("<mask>", mask["id"]!.GetValue<int>()) };
        });

        var inspect = () => ModelInspection.Inspect(ModelFolder.OpenUnpinned(source));

        if (allowed)
            inspect().Context.ShouldBePositive();
        else
            inspect.ShouldThrow<ModelException>().Message.ShouldContain("do not belong together");
    }

    public static TheoryData<string, string> Broken => new(BrokenModel.All.Select(broken => (broken.Of, broken.Defect)));

    [Theory]
    [MemberData(nameof(Broken))]
    public void ABrokenFolderIsRefusedWithTheReasonAndNothingIsLeftOnTheShelf(string name, string defect)
    {
        using var state = new TempFolder();
        var broken = BrokenModel.All.Single(model => model.Of == name && model.Defect == defect);
        var source = broken.Make(state["source"]);
        var shelf = new ModelShelf(state["shipped"], state["models"]);
        var error = Should.Throw<ModelException>(() => shelf.Add(source, "new", link: false));
        error.Message.ShouldContain(broken.Message);
        error.Message.ShouldContain(source);
        Directory.Exists(state["models/new"]).ShouldBeFalse();
        shelf.Names.ShouldBeEmpty();
    }

    private static string At(string name) => Repository.At(Path.Combine("tests/fixtures/models", name));
}
