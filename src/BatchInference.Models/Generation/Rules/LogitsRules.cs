namespace BatchInference.Models.Generation.Rules;

/// <summary>The rules that settings ask for, in the order in which transformers 4.57 applies them (<c>_get_logits_processor</c>): the order changes answers.</summary>
internal sealed class LogitsRules
{
    private readonly LogitsRule[] rules;

    public LogitsRules(GenerationSettings settings) => rules = [.. Of(settings), .. settings.Sample ? Chance(settings) : [], .. settings.RenormalizeLogits ? (LogitsRule[])[new LogitNormalization()] : []];

    /// <summary>True when the scores stay as the model gives them.</summary>
    public bool IsEmpty => rules.Length == 0;

    /// <inheritdoc cref="LogitsRule.Apply"/>
    public void Apply(RowSoFar row, Span<float> scores)
    {
        foreach (var rule in rules)
            rule.Apply(row, scores);
    }

    private static IEnumerable<LogitsRule> Of(GenerationSettings settings)
    {
        if (settings.EncoderRepetitionPenalty != 1)
            yield return new EncoderRepetitionPenalty(settings.EncoderRepetitionPenalty);
        if (settings.RepetitionPenalty != 1)
            yield return new RepetitionPenalty(settings.RepetitionPenalty);
        if (settings.NoRepeatNGramSize > 0)
            yield return new NoRepeatNGram(settings.NoRepeatNGramSize);
        if (settings.EncoderNoRepeatNGramSize > 0)
            yield return new EncoderNoRepeatNGram(settings.EncoderNoRepeatNGramSize);
        if (settings.BadWords.Count > 0)
            yield return new BadWords(settings.BadWords, settings.EndTokens);
        if (settings.MinLength > 0 && settings.EndTokens.Count > 0)
            yield return new MinimumLength(settings.MinLength, settings.EndTokens);
        if (settings.MinNewTokens > 0 && settings.EndTokens.Count > 0)
            yield return new MinimumNewTokens(settings.MinNewTokens.Value, settings.EndTokens);
        if (settings.ForcedFirstToken is { } first)
            yield return new ForcedFirstToken(first);
        if (settings.ForcedLastTokens.Count > 0)
            yield return new ForcedLastTokens(settings.ForcedLastTokens, settings);
        if (settings.SuppressTokens.Count > 0)
            yield return new SuppressedTokens(settings.SuppressTokens);
        if (settings.BeginSuppressTokens.Count > 0)
            yield return new BeginSuppressedTokens(settings.BeginSuppressTokens, settings.ForcedFirstToken is not null);
    }

    private static IEnumerable<LogitsRule> Chance(GenerationSettings settings)
    {
        if (settings.Temperature != 1)
            yield return new Temperature(settings.Temperature);
        if (settings.TopK > 0)
            yield return new TopK(settings.TopK);
        if (settings.TopP < 1)
            yield return new TopP(settings.TopP);
        if (settings.MinP is { } share)
            yield return new MinP(share);
    }
}
