using BatchInference.Worker.Health;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Worker.Tests.Health;

public sealed class ServiceHealthTests
{
    private static readonly TimeSpan Next = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 25, 20, 0, 0, TimeSpan.Zero));
    private readonly ServiceHealth health;

    public ServiceHealthTests() => health = new ServiceHealth(time);

    [Fact]
    public void BeforeItsFirstBeatItLivesAndIsNotReady() => health.Report().ShouldBe(new HealthReport(true, false, "Starts", null));

    [Fact]
    public void AfterABeatItIsReadyUntilItStops()
    {
        health.Tell(new Heartbeat(time.GetUtcNow(), null, false, "Waits"), Next);
        health.Report().ShouldBe(new HealthReport(true, true, "Waits", time.GetUtcNow()));
        health.Report().ToJson().ToJsonString().ShouldBe("""{"live":true,"ready":true,"says":"Waits","at":"2026-11-25T20:00:00Z"}""");
        health.Tell(new Heartbeat(time.GetUtcNow(), null, true, "Stops"), Next);
        health.Report().ShouldBe(new HealthReport(true, false, "Stops", time.GetUtcNow()));
    }

    [Fact]
    public void WhatIsWrongIsNeitherLiveNorReady()
    {
        health.Tell(new Heartbeat(time.GetUtcNow(), "The scheduler is late by 7 minutes.", false, "Waits"), Next);
        health.Report().ShouldBe(new HealthReport(false, false, "The scheduler is late by 7 minutes.", time.GetUtcNow()));
    }

    [Fact]
    public void APulseThatHasStoppedIsNoLife()
    {
        health.Tell(new Heartbeat(time.GetUtcNow(), null, false, "Waits"), Next);
        var at = time.GetUtcNow();
        time.Advance(3 * Next);
        health.Report().Live.ShouldBeTrue();
        time.Advance(Next);
        health.Report().ShouldBe(new HealthReport(false, false, "The pulse has stopped for 120 seconds.", at));
    }
}
