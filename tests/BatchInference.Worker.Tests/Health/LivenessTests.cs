using BatchInference.Pipeline;
using BatchInference.Worker.Health;

namespace BatchInference.Worker.Tests.Health;

public sealed class LivenessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);
    private readonly object run = new();
    private readonly Liveness liveness = new(Limit);

    [Fact]
    public void ARunInWhichNothingMovesForTooLongHangs()
    {
        liveness.Judge(TimeSpan.Zero, [Moment(tokens: 10)], null).ShouldBeNull();
        liveness.Judge(Limit, [Moment(tokens: 10)], null).ShouldBeNull();
        liveness.Judge(Limit + TimeSpan.FromMinutes(1), [Moment(tokens: 10)], null).ShouldBe("Nothing has moved in the run of letters for 31 minutes.");
    }

    [Fact]
    public void OneBatchOneDocumentOrOneListingIsEnoughToLive()
    {
        liveness.Judge(TimeSpan.Zero, [Moment(tokens: 10)], null).ShouldBeNull();
        liveness.Judge(Limit, [Moment(tokens: 11)], null).ShouldBeNull();
        liveness.Judge(2 * Limit, [Moment(tokens: 11, handled: 1)], null).ShouldBeNull();
        liveness.Judge(3 * Limit, [Moment(tokens: 11, handled: 1, listed: 5)], null).ShouldBeNull();
    }

    [Fact]
    public void TheNextRunOfAJobBeginsItsOwnTime()
    {
        liveness.Judge(TimeSpan.Zero, [Moment()], null).ShouldBeNull();
        liveness.Judge(10 * Limit, [], null).ShouldBeNull();
        liveness.Judge(11 * Limit, [new RunMoment("letters", new object(), Moment().Now, 0)], null).ShouldBeNull();
    }

    [Fact]
    public void AnOpeningThatIsLongOverdueTellsOfASchedulerThatNoLongerAnswers()
    {
        liveness.Judge(TimeSpan.Zero, [], -TimeSpan.FromHours(2)).ShouldBeNull();
        liveness.Judge(TimeSpan.Zero, [], Liveness.LongestDelay).ShouldBeNull();
        liveness.Judge(TimeSpan.Zero, [], TimeSpan.FromMinutes(7)).ShouldBe("The scheduler is late by 7 minutes.");
    }

    [Fact]
    public void AJobHasANightUntilItIsOverAndARunThatWaitsTellsSo()
    {
        var runs = new ActiveRuns();
        using (runs.BeginNight("letters"))
        {
            runs.HasNight("letters").ShouldBeTrue();
            runs.HasNight("deeds").ShouldBeFalse();
            var progress = new RunProgress(TimeProvider.System);
            using var shown = runs.Begin("letters", progress);
            runs.Moments().Single().Waits.ShouldBe(0);
            progress.Waited();
            runs.Moments().Single().Waits.ShouldBe(1);
        }

        runs.HasNight("letters").ShouldBeFalse();
    }

    [Theory, InlineData("180000000", 90), InlineData("", 30), InlineData(null, 30), InlineData("0", 30)]
    public void ThePulseBeatsTwiceWithinTheWatchdog(string? microseconds, int seconds) => ServicePulse.Between(microseconds).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void ARunThatIsPausedByAFullDiskLives()
    {
        liveness.Judge(TimeSpan.Zero, [Moment(waits: 1)], null).ShouldBeNull();
        liveness.Judge(2 * Limit, [Moment(waits: 2)], null).ShouldBeNull();
    }

    private RunMoment Moment(long tokens = 0, long handled = 0, long listed = 0, long waits = 0) =>
        new("letters", run, new ProgressSnapshot(new RunCounts { Listed = listed }, handled, null, tokens, 0, null, new Dictionary<string, long>()), waits);
}
