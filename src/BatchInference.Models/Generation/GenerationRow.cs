namespace BatchInference.Models.Generation;

/// <summary>What one row starts from: the prompt of a decoder, or the source that an encoder reads.</summary>
/// <param name="Ids">Its tokens.</param>
/// <param name="Filling">
/// How many of them, at the front for a decoder and at the end for an encoder, are filling that the model must not see but the rules do: that is how transformers treats
/// rows that it padded itself. Always 0 for a document, whose answer must not depend on its company.
/// </param>
internal readonly record struct GenerationRow(int[] Ids, int Filling = 0);

/// <summary>What was made of a row.</summary>
/// <param name="Ids">The new tokens, the end token included where there is one, without prompt, start token and filling.</param>
/// <param name="Score">Sum of log-probabilities after the rules, divided by the length to the power of the length penalty; null for greedy and sampled rows.</param>
/// <param name="Ended">False when only the greatest length stopped it.</param>
internal sealed record GeneratedSequence(int[] Ids, float? Score, bool Ended);
