using BatchInference.Worker.Configuration;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Tests.Scheduling;

public sealed class NightScheduleClockChangeTests
{
    private static readonly NightSchedule Paris = new(new NightSettings { Opens = new(20, 0), Closes = new(6, 0), TimeZone = "Europe/Paris" });

    [Theory]
    [InlineData("2026-03-28", 9)]
    [InlineData("2026-10-24", 11)]
    [InlineData("2026-12-31", 10)]
    [InlineData("2028-02-29", 10)]
    public void TheNightOfAClockChangeIsAnHourShorterOrLonger(string date, int hours)
    {
        var noon = DateTimeOffset.Parse(date + "T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        var night = Paris.After(noon)!.Value;
        night.Date.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture).ShouldBe(date);
        (night.Closes - night.Opens).ShouldBe(TimeSpan.FromHours(hours));
        Paris.At(night.Opens).ShouldBe(night);
        Paris.At(night.Closes - TimeSpan.FromTicks(1)).ShouldBe(night);
        Paris.At(night.Closes).ShouldBeNull();
    }
}
