namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Takes blanks away at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        var (start, end) = (0, chars.Length);
        while (left && start < end && char.IsWhiteSpace(chars[start]))
            start++;
        while (right && end > start && char.IsWhiteSpace(chars[end - 1]))
            end--;
        if (end - start == chars.Length)
            return;
        work.Next.Append(work.Text, start, end - start);
        work.TakeNext();
    }
}
