using BatchInference.Models.Tokens.Patterns;

namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>Cuts where a pattern matches.</summary>
/// <param name="pattern">The pattern; null cuts nowhere.</param>
/// <param name="behavior">What becomes of the matches.</param>
/// <param name="invert">Whether what lies between the matches is what the text is cut at.</param>
internal sealed class SplitPreTokenizer(TextPattern? pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    /// <summary>Words of letters and digits, and runs of other characters.</summary>
    public static SplitPreTokenizer Whitespace() => new(TextPattern.RunsOf(RuneSet.RustWord(), new RuneSet { Negated = true }.Add(RuneSet.RustWord()).Add(RuneSet.WhiteSpace())), SplitBehavior.Removed, invert: true);

    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        foreach (var word in work.Words)
        {
            var stretches = new Stretches(work, behavior, word.Start);
            var search = pattern is null ? default : pattern.In(chars[..word.End]);
            for (var at = word.Start; at < word.End;)
            {
                var match = pattern is null ? new TextRange(word.End, 0) : search.Next(at);
                if (match.Start > at)
                    stretches.Add(match.Start, invert);
                if (match.Length > 0)
                    stretches.Add(match.End, !invert);
                at = match.End;
            }

            stretches.Close();
        }

        work.TakeWords();
    }

    // The word that is being put together, and whether its last stretch is one that the text is cut at.
    private ref struct Stretches(TextWork work, SplitBehavior behavior, int start)
    {
        private int start = start;
        private int end = start;
        private bool cut;

        public void Add(int to, bool cuts)
        {
            var joins = behavior switch
            {
                SplitBehavior.Contiguous => cuts == cut,
                SplitBehavior.MergedWithPrevious => cuts && !cut,
                SplitBehavior.MergedWithNext => !cuts && cut,
                _ => false,
            };
            if (!joins)
                Close();
            if (behavior == SplitBehavior.Removed && cuts)
                start = to;
            (end, cut) = (to, cuts);
        }

        public void Close()
        {
            work.AddWord(start, end);
            start = end;
        }
    }
}
