using System.Collections.Concurrent;
using BatchInference.Pipeline;

namespace BatchInference.Worker.Health;

/// <summary>The runs that go on now in this process, for whoever watches them. Thread-safe.</summary>
internal sealed class ActiveRuns
{
    private readonly ConcurrentDictionary<ActiveRun, string> runs = [];

    /// <summary>Shows a run until what is returned is disposed of.</summary>
    public ActiveRun Begin(string job, RunProgress progress)
    {
        var run = new ActiveRun(progress, ended => runs.TryRemove(ended, out _));
        runs[run] = job;
        return run;
    }

    /// <summary>How far each is.</summary>
    public IReadOnlyList<RunMoment> Moments() => [.. runs.Select(run => new RunMoment(run.Value, run.Key, run.Key.Snapshot(), run.Key.Waits)).OrderBy(run => run.Job, StringComparer.Ordinal)];
}

/// <summary>A run that goes on.</summary>
internal sealed class ActiveRun(RunProgress progress, Action<ActiveRun> ended) : IDisposable
{
    private long waits;

    public long Waits => Interlocked.Read(ref waits);

    /// <summary>Tells that the run waits for something outside, such as room on a disk, and looks again.</summary>
    public void Waited() => Interlocked.Increment(ref waits);

    public ProgressSnapshot Snapshot() => progress.Snapshot();

    public void Dispose() => ended(this);
}

/// <summary>A run as it is at a moment.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Run">Tells one run from another.</param>
/// <param name="Now">How far it is.</param>
/// <param name="Waits">How often it looked whether it can go on.</param>
internal sealed record RunMoment(string Job, object Run, ProgressSnapshot Now, long Waits);
