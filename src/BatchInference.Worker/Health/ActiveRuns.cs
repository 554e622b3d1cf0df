using System.Collections.Concurrent;
using BatchInference.Pipeline;

namespace BatchInference.Worker.Health;

/// <summary>The runs that go on now in this process, for whoever watches them. Thread-safe.</summary>
internal sealed class ActiveRuns
{
    private readonly ConcurrentDictionary<ActiveRun, string> runs = [];
    private readonly ConcurrentDictionary<string, bool> nights = new(StringComparer.Ordinal);

    /// <summary>Shows a run until what is returned is disposed of.</summary>
    public ActiveRun Begin(string job, RunProgress progress)
    {
        var run = new ActiveRun(progress, ended => runs.TryRemove(ended, out _));
        runs[run] = job;
        return run;
    }

    /// <summary>Shows that a job's night goes on, from its opening to the message about it, until what is returned is disposed of.</summary>
    public IDisposable BeginNight(string job)
    {
        nights[job] = true;
        return new OpenNight(() => nights.TryRemove(job, out _));
    }

    /// <summary>True while a night of the job goes on.</summary>
    public bool HasNight(string job) => nights.ContainsKey(job);

    /// <summary>How far each is.</summary>
    public IReadOnlyList<RunMoment> Moments() => [.. runs.Select(run => new RunMoment(run.Value, run.Key, run.Key.Snapshot(), run.Key.Waits)).OrderBy(run => run.Job, StringComparer.Ordinal)];
}

/// <summary>A night that goes on.</summary>
internal sealed class OpenNight(Action ended) : IDisposable
{
    public void Dispose() => ended();
}

/// <summary>A run that goes on.</summary>
internal sealed class ActiveRun(RunProgress progress, Action<ActiveRun> ended) : IDisposable
{
    public long Waits => progress.Waits;

    public ProgressSnapshot Snapshot() => progress.Snapshot();

    public void Dispose() => ended(this);
}

/// <summary>A run as it is at a moment.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Run">Tells one run from another.</param>
/// <param name="Now">How far it is.</param>
/// <param name="Waits">As <see cref="RunProgress.Waits"/>.</param>
internal sealed record RunMoment(string Job, object Run, ProgressSnapshot Now, long Waits);
