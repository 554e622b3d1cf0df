using BatchInference.Models.Tokens;
using CsCheck;

namespace BatchInference.Models.Tests.Tokens;

public sealed class ChunkerTests
{
    private static readonly Gen<string> Texts = Gen.OneOf("Le", "préfet", "a", "dit.", "Non", "…", "  ", "\n", "incomprehensibilités", "猫", "fin !").Array[0, 80].Select(words => string.Join(' ', words));

    [Fact]
    public void WindowsPartTheTextAndItsTokens() => Gen.Select(Texts, Gen.Int[4, 30], Gen.Int[0, 4], Gen.Bool).Sample((text, length, every, withSentences) =>
    {
        var tokens = Tokenize(text);
        var sentences = withSentences ? Sentences(text, every + 1) : [];

        var chunks = new Chunker([100, 101], [102], length).Cut(text, tokens.Ids, tokens.Offsets, sentences, spans: int.MaxValue);

        chunks.Select(chunk => chunk.Index).ShouldBe(Enumerable.Range(0, chunks.Count));
        var (at, token) = (0, 0);
        foreach (var chunk in chunks)
        {
            chunk.Range.Start.ShouldBe(at);
            at = chunk.Range.End;
            chunk.Ids.Length.ShouldBeLessThanOrEqualTo(length);
            chunk.Ids.ShouldBe([100, 101, .. tokens.Ids.AsSpan(token, chunk.TextTokens), 102]);
            token += chunk.TextTokens;
        }

        at.ShouldBe(text.Length);
        token.ShouldBe(tokens.Ids.Length);
        if (withSentences)
            EveryTokenIsDealtToItsSentence(tokens.Offsets, sentences, chunks);
    });

    [Fact]
    public void AWindowEndsAtASentenceBorder()
    {
        const string text = "Un deux trois. Quatre cinq. Six sept huit neuf.";
        var tokens = Tokenize(text);

        var chunks = new Chunker([], [], 8).Cut(text, tokens.Ids, tokens.Offsets, [new(0, 14), new(15, 12), new(28, 19)], spans: 3);

        chunks.Select(chunk => chunk.Range.Of(text).ToString()).ShouldBe(["Un deux trois. Quatre cinq. ", "Six sept huit neuf."]);
        chunks[0].Sentences.ShouldBe([new SentenceSpan(0, 0, 4), new SentenceSpan(1, 4, 3)]);
        chunks[1].Sentences.ShouldBe([new SentenceSpan(2, 0, 5)]);
    }

    [Fact]
    public void ASentenceLongerThanAWindowIsCutAtWords()
    {
        const string text = "a bcdefg hij klmno pq";
        var tokens = (Ids: Enumerable.Range(0, text.Length).ToArray(), Offsets: Enumerable.Range(0, text.Length).Select(at => new TextRange(at, 1)).ToArray());

        var chunks = new Chunker([], [], 12).Cut(text, tokens.Ids, tokens.Offsets, [new(0, text.Length)], spans: 1);

        chunks.Select(chunk => chunk.Range.Of(text).ToString()).ShouldBe(["a bcdefg hij", " klmno pq"]);
        chunks.SelectMany(chunk => chunk.Sentences).ShouldBe([new SentenceSpan(0, 0, 12), new SentenceSpan(0, 0, 9)]);
    }

    [Fact]
    public void ACharacterOfSeveralTokensIsNotCut()
    {
        const string text = "猫猫猫猫";
        int[] ids = [.. Enumerable.Range(0, 12)];
        TextRange[] offsets = [.. Enumerable.Range(0, 12).Select(token => new TextRange(token / 3, 1))];

        var chunks = new Chunker([], [], 8).Cut(text, ids, offsets, [], spans: 0);

        chunks.Select(chunk => chunk.TextTokens).ShouldBe([6, 6]);
        chunks.Select(chunk => chunk.Range).ShouldBe([new TextRange(0, 2), new TextRange(2, 2)]);
    }

    [Fact]
    public void ATextWithoutTokensHasOneWindow()
    {
        var chunk = new Chunker([1], [2], 8).Cut("\u200B", [], [], [], spans: 0).ShouldHaveSingleItem();

        chunk.Ids.ShouldBe([1, 2]);
        chunk.Range.ShouldBe(new TextRange(0, 1));
    }

    [Fact]
    public void OfALongDocumentOnlyTheFirstSentencesAreTold()
    {
        var text = string.Concat(Enumerable.Repeat("Un deux. ", 100));
        var tokens = Tokenize(text);

        var chunks = new Chunker([], [], 20).Cut(text, tokens.Ids, tokens.Offsets, [.. Enumerable.Range(0, 100).Select(index => new TextRange(9 * index, 8))], spans: 10);

        chunks.SelectMany(chunk => chunk.Sentences).Select(span => span.Sentence).ShouldBe(Enumerable.Range(0, 10));
        chunks.Sum(chunk => chunk.TextTokens).ShouldBe(tokens.Ids.Length);
    }

    private static void EveryTokenIsDealtToItsSentence(TextRange[] offsets, List<TextRange> sentences, IReadOnlyList<TokenChunk> chunks)
    {
        var dealt = new List<int>();
        foreach (var chunk in chunks)
        {
            var next = 2;
            foreach (var span in chunk.Sentences)
            {
                span.First.ShouldBe(next);
                next += span.Count;
                dealt.AddRange(Enumerable.Repeat(span.Sentence, span.Count));
            }
        }

        if (sentences.Count > 0)
            dealt.ShouldBe(offsets.Select(token => Math.Max(0, sentences.Count(sentence => sentence.Start <= token.End - 1) - 1)));
    }

    // A token is a word with the blank before it, as Metaspace makes them, or a stop.
    private static (int[] Ids, TextRange[] Offsets) Tokenize(string text)
    {
        var offsets = new List<TextRange>();
        for (var at = 0; at < text.Length;)
        {
            var end = at + 1;
            while (text[at] is not '.' && end < text.Length && text[end] is not (' ' or '.'))
                end++;
            offsets.Add(new TextRange(at, end - at));
            at = end;
        }

        return ([.. Enumerable.Range(0, offsets.Count)], [.. offsets]);
    }

    private static List<TextRange> Sentences(string text, int words)
    {
        var sentences = new List<TextRange>();
        var (start, count) = (0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != ' ' || ++count % words != 0)
                continue;
            if (at > start)
                sentences.Add(new TextRange(start, at - start));
            start = at + 1;
        }

        if (start < text.Length)
            sentences.Add(new TextRange(start, text.Length - start));
        return sentences;
    }
}
