using BatchInference.Worker.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Worker.Tests.Jobs;

/// <summary>Who asks a run to stop, and how hard.</summary>
public sealed class StopSignalsTests : IDisposable
{
    private readonly StopSignals stop = new();
    private readonly List<string> told = [];

    public void Dispose() => stop.Dispose();

    [Fact]
    public void TheFirstSignalAsksTheSecondLetsGo()
    {
        stop.Heard(told.Add);
        (stop.Soft.IsCancellationRequested, stop.Hard.IsCancellationRequested, stop.Reason).ShouldBe((true, false, "it was stopped by a signal"));
        stop.Heard(told.Add);
        stop.Hard.IsCancellationRequested.ShouldBeTrue();
        told.ShouldBe(["Stopping: what is in hand is finished and published. Once more to stop at once.", "Stopping at once."]);
    }

    [Fact]
    public void ASignalAfterTheCloseOfTheNightLetsNothingGo()
    {
        stop.Ask("the night closed");
        stop.Heard(told.Add);
        (stop.Hard.IsCancellationRequested, stop.Reason).ShouldBe((false, "the night closed"));
        stop.Heard(told.Add);
        stop.Hard.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void TheCloseAsksSoEarlyThatWhatIsInHandIsFinishedByThen()
    {
        var time = new FakeTimeProvider();
        stop.Drain = () => TimeSpan.FromSeconds(90);
        stop.AskAt(time.GetUtcNow() + TimeSpan.FromMinutes(10), time, "the night closed");
        time.Advance(TimeSpan.FromSeconds(509));
        stop.Soft.IsCancellationRequested.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));
        (stop.Soft.IsCancellationRequested, stop.Reason).ShouldBe((true, "the night closed"));
    }

    [Fact]
    public void ADrainBeyondAllBoundsTakesAQuarterOfAnHourOfTheNightAtMost()
    {
        var time = new FakeTimeProvider();
        stop.Drain = () => TimeSpan.FromDays(2);
        stop.AskAt(time.GetUtcNow() + TimeSpan.FromHours(1), time, "the night closed");
        time.Advance(TimeSpan.FromMinutes(44));
        stop.Soft.IsCancellationRequested.ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(1));
        stop.Soft.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void SignalsThatComeWhenAllIsOverAreHeard()
    {
        stop.Dispose();
        stop.Heard(told.Add);
        stop.Heard(told.Add);
        told.Count.ShouldBe(2);
    }
}
