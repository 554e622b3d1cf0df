using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Scheduling;

/// <summary>When a job with one or several entries in its schedule opens.</summary>
internal static class Openings
{
    /// <summary>The night that is open at an instant; of several the one that closes last. Null between nights.</summary>
    public static Night? At(JobSettings job, DateTimeOffset instant) =>
        Latest(job.Schedule.Select(entry => new NightSchedule(entry).At(instant)).OfType<Night>());

    /// <summary>The first night that is open at an instant or after it; null when none opens any more.</summary>
    public static Night? After(JobSettings job, DateTimeOffset instant) => At(job, instant)
        ?? job.Schedule.Select(entry => new NightSchedule(entry).After(instant)).OfType<Night>().OrderBy(night => night.Opens).ThenByDescending(night => night.Closes).Select(night => (Night?)night).FirstOrDefault();

    /// <summary>When the job is to be looked at next.</summary>
    /// <param name="job">The job.</param>
    /// <param name="now">The instant.</param>
    /// <param name="ran">The night that was run just now; null when none was.</param>
    /// <param name="good">False when the run is worth another try in the same night.</param>
    /// <returns>Null when no night opens any more.</returns>
    public static DateTimeOffset? Next(JobSettings job, DateTimeOffset now, Night? ran, bool good)
    {
        // A night that opened while another was run begins at once.
        if (At(job, now) is { } open && open != ran)
            return now;
        var next = job.Schedule.Select(entry => new NightSchedule(entry).After(now)?.Opens).Min();
        var again = now + JobNights.RetryAfter;
        return !good && At(job, again) is not null && !(next < again) ? again : next;
    }

    private static Night? Latest(IEnumerable<Night> nights) => nights.OrderByDescending(night => night.Closes).Select(night => (Night?)night).FirstOrDefault();
}
