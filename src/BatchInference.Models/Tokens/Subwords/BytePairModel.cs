using System.Text;

namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Byte pair encoding (Sennrich 2016): a word begins as its letters, or its bytes, and neighbours are merged in the order in which training found them.</summary>
internal sealed class BytePairModel : SubwordModel
{
    private const char Space = '▁';

    private readonly MergeTable merges;
    private readonly BytePairSettings settings;
    private readonly PieceTrie trie;
    private readonly bool[] refused;
    private readonly bool refusesAny;
    private readonly int unknown;
    private readonly int[]? fallback;
    private readonly int[]? bytes;
    private readonly int continuation;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="merges">The merges in their order: left, right, left, right …</param>
    /// <param name="settings">How letters and words are treated.</param>
    /// <param name="byteLevel">Whether its words are the visible letters of bytes: then, if it knows all of these, it wants words as they were before.</param>
    /// <param name="controls">Ids that ordinary text must never yield.</param>
    /// <exception cref="InvalidDataException">The vocabulary lacks the unknown token, or one that a merge names.</exception>
    public BytePairModel(Vocabulary vocabulary, PieceList merges, BytePairSettings settings, bool byteLevel, IEnumerable<int> controls)
        : base(vocabulary)
    {
        (this.settings, trie) = (settings, vocabulary.Trie);
        this.merges = new MergeTable(merges.Count / 2);
        var crosses = AddMerges(merges);
        refused = Refused(vocabulary, controls);
        refusesAny = refused.Contains(true);
        bytes = byteLevel && settings is { Prefix: "", Suffix: "" } ? ByteIds(vocabulary) : null;
        fallback = settings.ByteFallback ? vocabulary.ByteTokens() : null;
        unknown = settings.Unknown is { } token ? vocabulary.Find(token) : -1;
        if (settings.Unknown is not null && unknown < 0 && bytes is null)
            throw new InvalidDataException($"the vocabulary has no unk_token \"{settings.Unknown}\".");
        for (var at = 0; at < settings.Prefix.Length && continuation >= 0; at++)
            continuation = trie.Step(continuation, settings.Prefix[at]);
        PartsAtSpaces = !crosses && !settings.IgnoreMerges && settings is { Prefix: "", Suffix: "" } && bytes is null && (unknown >= 0 || (fallback is not null && !fallback.Contains(-1))) && vocabulary.Find([Space]) >= 0;
    }

    /// <summary>Whether it reads words as they are, not as the letters of their bytes.</summary>
    public bool ReadsBytes => bytes is not null;

    /// <summary>Whether no token goes on across a visible space that follows another letter, so that the text may be cut there beforehand.</summary>
    public bool PartsAtSpaces { get; }

    public override void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        if (settings.IgnoreMerges && Whole(word) is >= 0 and var id && (controls || !refused[id]))
        {
            into.Add(id, new TextRange(0, word.Length));
            return;
        }

        var work = into.Merges;
        work.Clear();
        if (bytes is not null)
            AddBytes(word, work);
        else
            AddLetters(word, work);
        work.Run(merges, controls || !refusesAny ? null : refused);
        if (Ascii.IsValid(word))
            AddTokens(work, into);
        else
            AddTokens(work, word, into);
    }

    // True where a merge joins a token that begins with a visible space to one that ends with another letter.
    private bool AddMerges(PieceList pairs)
    {
        var crosses = false;
        var joined = new char[256];
        for (var rank = 0; rank < pairs.Count / 2; rank++)
        {
            var left = pairs[2 * rank];
            var right = pairs[2 * rank + 1];
            var rest = right.Length >= settings.Prefix.Length ? right[settings.Prefix.Length..] : throw Lost(right, rank);
            if (joined.Length < left.Length + rest.Length)
                joined = new char[2 * (left.Length + rest.Length)];
            left.CopyTo(joined);
            rest.CopyTo(joined.AsSpan(left.Length));
            merges.Add(Known(left, rank), Known(right, rank), new Merge(rank, Known(joined.AsSpan(0, left.Length + rest.Length), rank)));
            crosses |= left is not [.., Space] && right is [Space, ..];
        }

        return crosses;
    }

    private int Known(ReadOnlySpan<char> token, int rank) => Vocabulary.Find(token) is >= 0 and var id ? id : throw Lost(token, rank);

    private static InvalidDataException Lost(ReadOnlySpan<char> token, int rank) => new($"merge {rank} names the token \"{token}\", which the vocabulary does not have.");

    private int Whole(ReadOnlySpan<char> word)
    {
        if (bytes is null)
            return Vocabulary.Find(word);
        var node = PieceTrie.Root;
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < word.Length && node >= 0;)
        {
            Rune.DecodeFromUtf16(word[at..], out var rune, out var size);
            at += size;
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                node = node < 0 ? node : trie.Step(node, ByteLetters.LetterOf(value));
        }

        return node < 0 ? -1 : trie.ValueAt(node);
    }

    private void AddBytes(ReadOnlySpan<char> word, MergeWork work)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < word.Length;)
        {
            if (word[at] < '\x80')
            {
                work.Add(bytes![word[at++]], 1);
                continue;
            }

            Rune.DecodeFromUtf16(word[at..], out var rune, out var size);
            at += size;
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                work.Add(bytes![value], 1);
        }
    }

    // Symbols are as long as their letters are in UTF-8: the reference implementation counts so, and a letter that it leaves out moves what follows.
    private void AddLetters(ReadOnlySpan<char> word, MergeWork work)
    {
        var unknownLength = 0;
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < word.Length;)
        {
            Rune.DecodeFromUtf16(word[at..], out var rune, out var size);
            var id = Letter(word, at, size);
            at += size;
            if (id >= 0)
            {
                AddUnknown(ref unknownLength, work);
                work.Add(id, rune.Utf8SequenceLength);
                continue;
            }

            var letter = utf8[..rune.EncodeToUtf8(utf8)];
            if (Falls(letter))
            {
                foreach (var value in letter)
                    work.Add(fallback![value], 1);
            }
            else if (unknown >= 0)
            {
                if (!settings.FuseUnknown)
                    AddUnknown(ref unknownLength, work);
                unknownLength += letter.Length;
            }
        }

        AddUnknown(ref unknownLength, work);
    }

    private void AddUnknown(ref int length, MergeWork work)
    {
        if (length > 0)
            work.Add(unknown, length);
        length = 0;
    }

    private int Letter(ReadOnlySpan<char> word, int at, int size)
    {
        var node = at == 0 ? PieceTrie.Root : continuation;
        foreach (var unit in word.Slice(at, size))
            node = node < 0 ? node : trie.Step(node, unit);
        if (at + size == word.Length)
            foreach (var unit in settings.Suffix)
                node = node < 0 ? node : trie.Step(node, unit);
        return node < 0 ? -1 : trie.ValueAt(node);
    }

    private bool Falls(ReadOnlySpan<byte> letter)
    {
        if (fallback is null)
            return false;
        foreach (var value in letter)
            if (fallback[value] < 0)
                return false;
        return true;
    }

    private static void AddTokens(MergeWork work, TokenBuffer into)
    {
        var start = 0;
        foreach (ref readonly var symbol in work.Symbols)
        {
            into.Add(symbol.Id, new TextRange(start, symbol.Length));
            start += symbol.Length;
        }
    }

    // A token of some bytes of a letter stands for the letter.
    private static void AddTokens(MergeWork work, ReadOnlySpan<char> word, TokenBuffer into)
    {
        var (at, before, from) = (0, 0, 0);
        foreach (ref readonly var symbol in work.Symbols)
        {
            var to = from + symbol.Length;
            while (before + Width(word, at) <= from)
                Pass(word, ref at, ref before);
            var start = at;
            while (before + Width(word, at) < to)
                Pass(word, ref at, ref before);
            into.Add(symbol.Id, new TextRange(start, at + AlignedText.SizeAt(word, at) - start));
            from = to;
        }
    }

    private static void Pass(ReadOnlySpan<char> word, ref int at, ref int before)
    {
        before += Width(word, at);
        at += AlignedText.SizeAt(word, at);
    }

    private static int Width(ReadOnlySpan<char> word, int at) => word[at] switch
    {
        < '\x80' => 1,
        < '\u0800' => 2,
        var unit => char.IsHighSurrogate(unit) ? 4 : 3,
    };

    private static int[]? ByteIds(Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++)
        {
            ids[value] = vocabulary.Find([ByteLetters.LetterOf((byte)value)]);
            if (ids[value] < 0)
                return null;
        }

        return ids;
    }
}
