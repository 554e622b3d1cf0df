using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Unicode normalisation (UAX 15) that knows where each code point comes from.</summary>
internal sealed class UnicodeNormalizer(UnicodeForm form) : Normalizer
{
    private readonly UnicodeData data = UnicodeData.Version9;
    private readonly bool[] touched = UnicodeData.Version9.TouchedBy(form);
    private readonly bool compatibly = form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;
    private readonly bool composes = form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        var at = NextTouched(chars, 0);
        if (at == chars.Length)
            return;
        var writer = new TextRewriter(work);
        var run = work.Marks;
        while (at < chars.Length)
        {
            // The code point before is none of these, but may be what a mark combines with.
            at = Before(chars, at);
            writer.KeepUntil(at);
            run.Clear();
            var end = at;
            do
                end = Decompose(chars, end, run);
            while (end < chars.Length && touched[chars[end]]);
            Sort(run);
            if (composes)
                Compose(run);
            foreach (var (rune, change, _) in run)
                writer.Put(rune, change);
            at = NextTouched(chars, end);
        }

        writer.KeepUntil(chars.Length);
        work.TakeNext();
    }

    private int NextTouched(ReadOnlySpan<char> chars, int from)
    {
        while (from < chars.Length && (chars[from] < '\x80' || !touched[chars[from]]))
            from++;
        return from;
    }

    private static int Before(ReadOnlySpan<char> chars, int at) =>
        at == 0 ? 0 : at > 1 && char.IsLowSurrogate(chars[at - 1]) ? at - 2 : at - 1;

    private int Decompose(ReadOnlySpan<char> chars, int at, List<Mark> run)
    {
        Rune.DecodeFromUtf16(chars[at..], out var rune, out var size);
        var change = 0;
        foreach (var part in data.Decompose(rune.Value, compatibly, stackalloc int[3]))
        {
            run.Add(new Mark(part, change, data.ClassOf(part)));
            change = 1;
        }

        return at + size;
    }

    // Marks of one base stand in the order of their classes, equal ones as they were. Lists.Sort would not keep that, and a document may be one base with a million marks.
    private static void Sort(List<Mark> run)
    {
        for (var start = 0; start < run.Count;)
        {
            var end = start + 1;
            var sorted = true;
            for (; end < run.Count && run[end].Class != 0; end++)
                sorted &= run[end].Class >= run[end - 1].Class;
            if (!sorted)
            {
                var first = run[start].Class == 0 ? start + 1 : start;
                var marks = run[first..end].OrderBy(mark => mark.Class).ToArray();
                for (var at = 0; at < marks.Length; at++)
                    run[first + at] = marks[at];
            }

            start = end;
        }
    }

    // UAX 15, D117: a mark joins the last base unless one of its class or higher stands between.
    private void Compose(List<Mark> run)
    {
        var (written, starter, last) = (0, -1, -1);
        for (var at = 0; at < run.Count; at++)
        {
            var mark = run[at];
            if (starter >= 0 && (last < 0 || last < mark.Class) && data.Compose(run[starter].Rune, mark.Rune) is >= 0 and var composed)
            {
                run[starter] = run[starter] with { Rune = composed, Change = run[starter].Change + mark.Change - 1 };
                continue;
            }

            if (mark.Class == 0)
                (starter, last) = (written, -1);
            else if (starter >= 0)
                last = mark.Class;
            run[written++] = mark;
        }

        run.RemoveRange(written, run.Count - written);
    }
}

/// <summary>A code point on its way through normalisation.</summary>
/// <param name="Rune">The code point.</param>
/// <param name="Change">How it counts for origins; see <see cref="TextRewriter.Put"/>.</param>
/// <param name="Class">Its combining class.</param>
internal readonly record struct Mark(int Rune, int Change, byte Class);
