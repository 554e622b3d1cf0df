using System.Globalization;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Tests.Scheduling;

public sealed class OpeningsTests
{
    private static readonly JobSettings Nightly = Job(new NightSettings { Opens = new(20, 0), Closes = new(6, 0), TimeZone = "Europe/Paris" });

    [Fact]
    public void BetweenNightsTheNextIsTheNextOpening() =>
        Openings.Next(Nightly, At("2026-11-24T12:00:00Z"), ran: null, good: true).ShouldBe(At("2026-11-24T19:00:00Z"));

    [Fact]
    public void AFiringThatComesEarlyIsPutDownAgain()
    {
        var early = At("2026-11-24T18:59:59.999Z");
        Openings.At(Nightly, early).ShouldBeNull();
        Openings.Next(Nightly, early, ran: null, good: true).ShouldBe(At("2026-11-24T19:00:00Z"));
    }

    [Fact]
    public void ANightThatWasRunIsNotRunAgainWhileItIsOpen()
    {
        var ran = Openings.At(Nightly, At("2026-11-24T19:00:00Z"));
        Openings.Next(Nightly, At("2026-11-24T21:00:00Z"), ran, good: true).ShouldBe(At("2026-11-25T19:00:00Z"));
    }

    [Fact]
    public void ANightThatCouldNotGoOnIsTriedAgainWhileItIsOpen()
    {
        var ran = Openings.At(Nightly, At("2026-11-24T19:00:00Z"));
        var failed = At("2026-11-24T21:00:00Z");
        Openings.Next(Nightly, failed, ran, good: false).ShouldBe(failed + JobNights.RetryAfter);
        Openings.Next(Nightly, At("2026-11-25T04:55:00Z"), ran, good: false).ShouldBe(At("2026-11-25T19:00:00Z"));
    }

    [Fact]
    public void AdjacentNightsFollowEachOtherAtOnce()
    {
        var job = Job(
            new NightSettings { Opens = new(20, 0), Closes = new(23, 0), TimeZone = "Europe/Paris" },
            new NightSettings { Opens = new(23, 0), Closes = new(6, 0), TimeZone = "Europe/Paris" });
        var first = Openings.At(job, At("2026-11-24T19:00:00Z"));
        // The run of the first ended two minutes after its close.
        var now = At("2026-11-24T22:02:00Z");
        Openings.Next(job, now, first, good: true).ShouldBe(now);
    }

    [Fact]
    public void OfOpenNightsTheOneThatClosesLastIsRun()
    {
        var job = Job(
            new NightSettings { Opens = new(20, 0), Closes = new(22, 0), TimeZone = "UTC" },
            new NightSettings { Opens = new(20, 0), Closes = new(4, 0), TimeZone = "UTC", Nights = ["Fri"] });
        Openings.At(job, At("2026-11-27T20:30:00Z"))!.Value.Closes.ShouldBe(At("2026-11-28T04:00:00Z"));
        Openings.At(job, At("2026-11-26T20:30:00Z"))!.Value.Closes.ShouldBe(At("2026-11-26T22:00:00Z"));
    }

    [Theory]
    [InlineData("2026-12-24T12:00:00Z", "2026-12-24T19:00:00Z")]
    [InlineData("2026-12-25T12:00:00Z", "2026-12-28T19:00:00Z")]
    public void ExceptedNightsAndWeekendsStayClosed(string now, string next)
    {
        var job = Job(new NightSettings { Opens = new(20, 0), Closes = new(6, 0), TimeZone = "Europe/Paris", Nights = ["Mon-Fri"], ExceptNightsOf = [new(2026, 12, 25)] });
        Openings.Next(job, At(now), ran: null, good: true).ShouldBe(At(next));
    }

    [Fact]
    public void AnOpeningThatTheClockSkipsIsNotLost()
    {
        var job = Job(new NightSettings { Opens = new(2, 30), Closes = new(6, 0), TimeZone = "Europe/Paris" });
        Openings.Next(job, At("2026-03-28T12:00:00Z"), ran: null, good: true).ShouldBe(At("2026-03-29T01:00:00Z"));
    }

    [Fact]
    public void AScheduleWithoutAnyNightLeftOpensNoMore()
    {
        var job = Job(new NightSettings { Opens = new(20, 0), Closes = new(6, 0), TimeZone = "UTC", Nights = ["Mon"], ExceptNightsOf = [.. Enumerable.Range(0, 200).Select(week => new DateOnly(2026, 11, 23).AddDays(7 * week))] });
        Openings.Next(job, At("2026-11-24T12:00:00Z"), ran: null, good: true).ShouldBeNull();
    }

    private static JobSettings Job(params NightSettings[] schedule) => new() { Schedule = schedule };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
