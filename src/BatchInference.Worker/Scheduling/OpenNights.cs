using System.Collections.Concurrent;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Scheduling;

/// <summary>The nights that run now, so that the close and the end of the service reach them.</summary>
internal sealed class OpenNights
{
    private readonly ConcurrentDictionary<string, StopSignals> running = new(StringComparer.Ordinal);

    public void Add(string job, StopSignals stop) => running[job] = stop;

    public void Remove(string job) => running.TryRemove(job, out _);

    /// <summary>Asks one job to finish; false when it does not run.</summary>
    public bool Ask(string job, string reason)
    {
        if (!running.TryGetValue(job, out var stop)) return false;
        try
        {
            stop.Ask(reason);
            return true;
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself between the look and the question.
            return false;
        }
    }

    public void AskAll(string reason)
    {
        foreach (var job in running.Keys) Ask(job, reason);
    }
}
