namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Puts a text before one that is not empty. Its characters stand for the first of the text.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override void Apply(TextWork work)
    {
        var text = work.Text;
        if (text.Length == 0)
            return;
        work.Next.Append(prefix, text.Origins[0]);
        work.Next.Append(text, 0, text.Length);
        work.TakeNext();
    }
}
