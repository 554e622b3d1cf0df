using BatchInference.Pipeline;

namespace BatchInference.Worker.Jobs;

/// <summary>Why documents have no answer, and how many for each reason.</summary>
internal sealed record FailureReason(string Stage, string Reason, long Documents, bool Permanent);

/// <summary>Counts the failures of runs by their reasons.</summary>
internal static class FailureReasons
{
    /// <summary>The reasons, the most frequent first.</summary>
    /// <param name="failures">What failed.</param>
    public static async Task<List<FailureReason>> CountAsync(IAsyncEnumerable<FailureRecord> failures)
    {
        var reasons = new Dictionary<(string Stage, string Reason, bool Permanent), long>();
        await foreach (var failure in failures)
        {
            var key = (failure.Failure.Stage, failure.Failure.Reason, failure.Failure.Permanent);
            reasons[key] = reasons.GetValueOrDefault(key) + 1;
        }

        return [.. reasons.Select(pair => new FailureReason(pair.Key.Stage, pair.Key.Reason, pair.Value, pair.Key.Permanent))
            .OrderByDescending(one => one.Documents).ThenBy(one => one.Stage, StringComparer.Ordinal).ThenBy(one => one.Reason, StringComparer.Ordinal)];
    }
}
