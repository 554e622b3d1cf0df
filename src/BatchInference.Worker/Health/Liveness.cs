using System.Globalization;

namespace BatchInference.Worker.Health;

/// <summary>Judges whether the service still does what it is for. Pure: time and what was seen are given.</summary>
/// <param name="longestStandstill">A run in which nothing moves for longer hangs: no document listed or finished, no batch inferred, no look at what it waits for.</param>
internal sealed class Liveness(TimeSpan longestStandstill)
{
    /// <summary>An opening that is overdue by more says that the scheduler no longer answers.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    private readonly Dictionary<object, (long Moved, TimeSpan Since)> seen = [];

    /// <summary>What is wrong; null while all is well.</summary>
    /// <param name="now">Time since any beginning, by a clock that nobody sets.</param>
    /// <param name="runs">The runs that go on.</param>
    /// <param name="delay">By how much the most overdue opening is late; null when none is.</param>
    public string? Judge(TimeSpan now, IReadOnlyList<RunMoment> runs, TimeSpan? delay)
    {
        foreach (var gone in seen.Keys.Except(runs.Select(run => run.Run)).ToArray())
            seen.Remove(gone);
        string? wrong = delay > LongestDelay ? string.Create(CultureInfo.InvariantCulture, $"The scheduler is late by {delay.Value.TotalMinutes:0} minutes.") : null;
        foreach (var run in runs)
        {
            var moved = run.Now.Counts.Listed + run.Now.Handled + run.Now.Tokens + run.Waits;
            if (!seen.TryGetValue(run.Run, out var before) || before.Moved != moved)
                seen[run.Run] = before = (moved, now);
            if (now - before.Since > longestStandstill)
                wrong ??= string.Create(CultureInfo.InvariantCulture, $"Nothing has moved in the run of {run.Job} for {(now - before.Since).TotalMinutes:0} minutes.");
        }

        return wrong;
    }
}
