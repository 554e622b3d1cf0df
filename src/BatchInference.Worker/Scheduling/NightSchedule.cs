using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Scheduling;

/// <summary>One night: from the opening to the close, as instants.</summary>
/// <param name="Date">Local date of the opening.</param>
/// <param name="Opens">The first instant.</param>
/// <param name="Closes">The first instant that is no longer in it.</param>
internal readonly record struct Night(DateOnly Date, DateTimeOffset Opens, DateTimeOffset Closes);

/// <summary>
/// When one entry of a schedule opens and closes. Both are local wall times, so the night of a clock change is an hour longer or shorter;
/// a time that the change skips counts as the instant after the gap, one that it repeats as the first for the opening and the second for the close.
/// </summary>
internal sealed class NightSchedule
{
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    private readonly NightSettings settings;
    private readonly HashSet<DayOfWeek> days;

    public NightSchedule(NightSettings settings)
    {
        this.settings = settings;
        Zone = settings.TimeZone is { } zone ? TimeZoneInfo.FindSystemTimeZoneById(zone) : TimeZoneInfo.Local;
        days = settings.Nights.Count == 0 ? [.. Enum.GetValues<DayOfWeek>()] : [.. settings.Nights.SelectMany(Range)];
    }

    public TimeZoneInfo Zone { get; }

    /// <summary>The night that is open at an instant; null between nights.</summary>
    public Night? At(DateTimeOffset instant)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Zone).DateTime);
        for (var date = today.AddDays(-2); date <= today; date = date.AddDays(1))
            if (On(date) is { } night && night.Opens <= instant && instant < night.Closes)
                return night;
        return null;
    }

    /// <summary>The first night that opens after an instant; null when none does within two years.</summary>
    public Night? After(DateTimeOffset instant)
    {
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Zone).DateTime).AddDays(-1);
        for (var left = 732; left > 0; left--, date = date.AddDays(1))
            if (On(date) is { } night && night.Opens > instant)
                return night;
        return null;
    }

    /// <summary>The instant at which a wall clock in the zone next shows a time.</summary>
    public static DateTimeOffset Next(TimeOnly time, DateTimeOffset after, TimeZoneInfo zone)
    {
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(after, zone).DateTime);
        for (; ; date = date.AddDays(1))
            if (Instant(date, time, zone, last: false) is var instant && instant > after)
                return instant;
    }

    private Night? On(DateOnly date)
    {
        if (!days.Contains(date.DayOfWeek) || settings.ExceptNightsOf.Contains(date)) return null;
        var end = settings.Closes > settings.Opens ? date : date.AddDays(1);
        return new Night(date, Instant(date, settings.Opens, Zone, last: false), Instant(end, settings.Closes, Zone, last: true));
    }

    private static DateTimeOffset Instant(DateOnly date, TimeOnly time, TimeZoneInfo zone, bool last)
    {
        var local = date.ToDateTime(time);
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local)
            ? last ? zone.GetAmbiguousTimeOffsets(local).Min() : zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    private static IEnumerable<DayOfWeek> Range(string days)
    {
        var ends = days.Split('-');
        var first = Array.IndexOf(Days, ends[0]);
        var last = Array.IndexOf(Days, ends[^1]);
        for (var day = first; ; day = (day + 1) % 7)
        {
            yield return (DayOfWeek)day;
            if (day == last) yield break;
        }
    }
}
