using System.Runtime.InteropServices;
using BatchInference.Models.Tokens.Normalization;

namespace BatchInference.Models.Tokens;

/// <summary>What the stages of a tokenizer hand on: the text, its words, and a second set of both for a stage to write into.</summary>
internal sealed class TextWork
{
    private List<TextRange> words = [];
    private List<TextRange> nextWords = [];

    /// <summary>The text as the last stage left it.</summary>
    public AlignedText Text { get; private set; } = new();

    /// <summary>Empty, for the stage at work; it becomes <see cref="Text"/> by <see cref="TakeNext"/>.</summary>
    public AlignedText Next { get; private set; } = new();

    /// <summary>Room for a text in which added tokens are sought while its stretches are worked on.</summary>
    public AlignedText Whole { get; } = new();

    /// <summary>The words, as stretches of <see cref="Text"/>.</summary>
    public ReadOnlySpan<TextRange> Words => CollectionsMarshal.AsSpan(words);

    public void Start(ReadOnlySpan<char> text, TextRange range)
    {
        Text.Clear();
        Next.Clear();
        Text.AppendOriginal(text, range);
    }

    public void TakeNext()
    {
        (Text, Next) = (Next, Text);
        Next.Clear();
    }

    /// <summary>Room for a base and its marks while they are normalised.</summary>
    public List<Mark> Marks { get; } = [];

    /// <summary>Begins the splitting of one stretch of the text.</summary>
    public void OneWord(TextRange range)
    {
        words.Clear();
        if (range.Length > 0)
            words.Add(range);
    }

    /// <summary>A word of the next stage; an empty one is dropped.</summary>
    public void AddWord(int start, int end)
    {
        if (end > start)
            nextWords.Add(new TextRange(start, end - start));
    }

    public void TakeWords()
    {
        (words, nextWords) = (nextWords, words);
        nextWords.Clear();
    }
}
