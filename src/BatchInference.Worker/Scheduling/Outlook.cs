using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Scheduling;

/// <summary>When the documents of a job will be done at the pace of the run until now.</summary>
/// <param name="Nights">How many nights it takes, this one included; 1 for a job without a schedule.</param>
/// <param name="Done">When.</param>
internal readonly record struct Outlook(int Nights, DateTimeOffset Done)
{
    // A pace so slow says that something is wrong, not when it ends.
    private const int MostNights = 366;

    /// <summary>Looks ahead; null where nothing can be told yet.</summary>
    /// <param name="job">Whose nights.</param>
    /// <param name="since">When the run began.</param>
    /// <param name="pace">How far it is.</param>
    /// <param name="now">The instant.</param>
    public static Outlook? Of(JobSettings job, DateTimeOffset since, RunPace? pace, DateTimeOffset now)
    {
        if (pace is not { Handled: > 0, Expected: { } expected } || now <= since)
            return null;
        var work = (now - since) * (Math.Max(0, expected - pace.Handled) / (double)pace.Handled);
        if (Openings.At(job, now) is not { } night)
            return new Outlook(1, now + work);

        var from = now;
        for (var nights = 1; nights <= MostNights; nights++)
        {
            if (work <= night.Closes - from)
                return new Outlook(nights, from + work);
            work -= night.Closes - from;
            if (Openings.After(job, night.Closes) is not { } next)
                return null;
            (night, from) = (next, next.Opens);
        }

        return null;
    }

    /// <summary>In words, in the zone of the schedule.</summary>
    public string ToText(TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(Done, zone);
        return Nights == 1
            ? string.Create(CultureInfo.InvariantCulture, $"at this pace done at {local:HH:mm}")
            : string.Create(CultureInfo.InvariantCulture, $"at this pace done in {Nights} nights, {local:yyyy-MM-dd} at {local:HH:mm}");
    }
}
