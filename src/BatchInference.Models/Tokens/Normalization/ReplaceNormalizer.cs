using System.Text.RegularExpressions;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Puts a fixed text in the place of each match. Its characters stand for the last character of the match.</summary>
internal sealed class ReplaceNormalizer(Regex pattern, string content) : Normalizer
{
    public override void Apply(TextWork work)
    {
        var (text, next) = (work.Text, work.Next);
        var done = 0;
        foreach (var match in pattern.EnumerateMatches(text.Chars))
        {
            if (match.Length == 0)
                continue;
            var end = match.Index + match.Length;
            next.Append(text, done, match.Index - done);
            next.Append(content, text.Origins[end - 1]);
            done = end;
        }

        if (done == 0)
            return;
        next.Append(text, done, text.Length - done);
        work.TakeNext();
    }
}
