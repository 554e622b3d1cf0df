using BatchInference.Worker.Jobs;

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
    public void SignalsThatComeWhenAllIsOverAreHeard()
    {
        stop.Dispose();
        stop.Heard(told.Add);
        stop.Heard(told.Add);
        told.Count.ShouldBe(2);
    }
}
