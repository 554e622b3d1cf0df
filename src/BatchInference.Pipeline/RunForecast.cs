namespace BatchInference.Pipeline;

/// <summary>What a run would have to do, without doing it.</summary>
/// <param name="Listed">Documents of the source.</param>
/// <param name="Pending">Those to be done.</param>
/// <param name="PendingBytes">Their bytes, as far as the listing tells.</param>
/// <param name="Sampled">How many of them were read for the forecast.</param>
/// <param name="Unreadable">How many of the sample gave no text.</param>
/// <param name="Tokens">Tokens of all documents to be done, as <see cref="TokenEstimate"/> tells from the sample.</param>
/// <param name="TokensPerSecond">Measured on the sample; 0 when it had no tokens.</param>
public sealed record RunForecast(long Listed, long Pending, long PendingBytes, int Sampled, int Unreadable, long Tokens, double TokensPerSecond)
{
    /// <summary>How long they take; null when nothing could be measured.</summary>
    public TimeSpan? Duration => Pending == 0 ? TimeSpan.Zero : TokensPerSecond > 0 ? TimeSpan.FromSeconds(Tokens / TokensPerSecond) : null;
}
