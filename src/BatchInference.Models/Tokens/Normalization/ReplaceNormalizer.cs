using BatchInference.Models.Tokens.Patterns;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Puts a fixed text in the place of each match. Its characters stand for the last character of the match.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    public override void Apply(TextWork work)
    {
        var (text, next) = (work.Text, work.Next);
        var search = pattern.In(text.Chars);
        var done = 0;
        while (search.Next(done) is { Length: > 0 } match)
        {
            next.Append(text, done, match.Start - done);
            next.Append(content, text.Origins[match.End - 1]);
            done = match.End;
        }

        if (done == 0)
            return;
        next.Append(text, done, text.Length - done);
        work.TakeNext();
    }
}
