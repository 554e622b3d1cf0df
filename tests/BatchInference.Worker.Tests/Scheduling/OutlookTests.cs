using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Tests.Scheduling;

public sealed class OutlookTests
{
    private static readonly TimeZoneInfo Paris = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris");

    private static readonly JobSettings Nightly = new() { Schedule = [new NightSettings { Opens = new(20, 0), Closes = new(6, 0), TimeZone = "Europe/Paris", Nights = ["Mon-Fri"] }] };

    // 100 documents an hour from 20:00 to 22:00 in Paris.
    [Theory]
    [InlineData(200, "at this pace done at 22:00")]
    [InlineData(765, "at this pace done at 03:39")]
    [InlineData(1000, "at this pace done at 06:00")]
    [InlineData(1100, "at this pace done in 2 nights, 2026-11-25 at 21:00")]
    [InlineData(2050, "at this pace done in 3 nights, 2026-11-26 at 20:30")]
    public void DocumentsThatDoNotFitTonightAreDoneInTheNextNights(long expected, string text) =>
        Outlook.Of(Nightly, At("2026-11-24T19:00:00Z"), new RunPace(200, expected), At("2026-11-24T21:00:00Z"))!.Value.ToText(Paris).ShouldBe(text);

    [Fact]
    public void ANightThatTheScheduleLeavesOutIsNotCounted() =>
        Outlook.Of(Nightly, At("2026-11-27T19:00:00Z"), new RunPace(200, 1100), At("2026-11-27T21:00:00Z"))!.Value.ToText(Paris).ShouldBe("at this pace done in 2 nights, 2026-11-30 at 21:00");

    [Fact]
    public void TheNightOfAClockChangeHoldsAnHourLess()
    {
        var everyNight = new JobSettings { Schedule = [Nightly.Schedule[0] with { Nights = [] }] };
        Outlook.Of(everyNight, At("2026-03-28T19:00:00Z"), new RunPace(200, 950), At("2026-03-28T21:00:00Z"))!.Value.ToText(Paris).ShouldBe("at this pace done in 2 nights, 2026-03-29 at 20:30");
    }

    [Fact]
    public void WithoutAScheduleTheRunGoesOnToItsEnd() =>
        Outlook.Of(new JobSettings(), At("2026-11-24T19:00:00Z"), new RunPace(100, 2500), At("2026-11-24T20:00:00Z")).ShouldBe(new Outlook(1, At("2026-11-25T20:00:00Z")));

    [Fact]
    public void NothingIsToldBeforeThereIsAPace()
    {
        Outlook.Of(Nightly, At("2026-11-24T19:00:00Z"), null, At("2026-11-24T21:00:00Z")).ShouldBeNull();
        Outlook.Of(Nightly, At("2026-11-24T19:00:00Z"), new RunPace(0, 100), At("2026-11-24T21:00:00Z")).ShouldBeNull();
        Outlook.Of(Nightly, At("2026-11-24T19:00:00Z"), new RunPace(10, null), At("2026-11-24T21:00:00Z")).ShouldBeNull();
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
