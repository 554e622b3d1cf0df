using BatchInference.Models.Chat;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tests.Generation;

namespace BatchInference.Models.Tests.Chat;

public sealed class ChatTemplateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 2, 5, 0, TimeSpan.Zero);

    public static TheoryData<string> Models => [.. Fixture.Having("chat")];

    [Theory]
    [MemberData(nameof(Models))]
    public void EveryConversationIsRenderedAsTheReferenceDoes(string name)
    {
        var fixture = new Fixture(name);
        var template = ChatTemplate.Load(fixture.Folder)!;
        var thoughtless = new Dictionary<string, object?> { ["enable_thinking"] = false };
        foreach (var row in fixture.Expected.GetProperty("chat").EnumerateArray())
        {
            ChatMessage[] messages = [.. row.GetProperty("messages").EnumerateArray().Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            if (row.TryGetProperty("error", out var error))
                Should.Throw<ModelException>(() => template.Render(messages, true, Now)).Message.ShouldEndWith(error.GetString()!["TemplateError: ".Length..]);
            else
                template.Render(messages, true, Now).ShouldBe(row.GetProperty("with_prompt").GetString());
            if (row.TryGetProperty("without_prompt", out var without))
                template.Render(messages, false, Now).ShouldBe(without.GetString());
            if (row.TryGetProperty("with_prompt_enable_thinking_false", out var expected))
                template.Render(messages, true, Now, thoughtless).ShouldBe(expected.GetString());
        }
    }

    [Fact]
    public void TheTextOfADocumentIsNeverSeenByTheTemplate()
    {
        var encoded = new List<string>();
        var prompt = ChatPrompt.Of(
            ChatTemplate.Load(new Fixture("qwen2").Folder), null, "Résume ce texte :\n{text}\nEn français.", Now,
            part =>
            {
                encoded.Add(part);
                return [encoded.Count];
            });
        prompt.With([70, 71]).ShouldBe([1, 70, 71, 2]);
        encoded.ShouldBe(
        [
            "<|im_start|>system\nYou are a small test model. You are a helpful assistant.<|im_end|>\n<|im_start|>user\nRésume ce texte :\n",
            "\nEn français.<|im_end|>\n<|im_start|>assistant\n",
        ]);
    }

    [Fact]
    public void AnInstructionWithoutAPlaceForTheTextIsRefused() =>
        Should.Throw<ModelException>(() => ChatPrompt.Of(null, null, "Résume.", Now, _ => [])).Message.ShouldContain("`{text}` once");

    [Theory]
    [InlineData("<think>\nun\n</think>\n\ndeux", false, "deux", "un")]
    [InlineData("un\n</think>\n\ndeux", true, "deux", "un")]
    [InlineData("deux", false, "deux", null)]
    [InlineData("<think>\n\n</think>\n\ndeux", false, "deux", null)]
    [InlineData("un et un", true, "", "un et un")]
    [InlineData("<think>un et", false, "", "un et")]
    public void ThoughtsAreKeptApartFromTheAnswer(string answer, bool open, string text, string? reasoning) =>
        ThinkingAnswer.Of(answer, open).ShouldBe(new ThinkingAnswer(text, reasoning));
}
