using BatchInference.Models.Onnx;
using BatchInference.Worker.Doctor;

namespace BatchInference.Worker.Tests.Doctor;

/// <summary>What the doctor makes of figures that this machine does not show: too little memory or disk, a clock that is wrong.</summary>
public sealed class JudgementTests
{
    private const long Gigabyte = 1L << 30;

    private static readonly DateTimeOffset Evening = new(2026, 11, 24, 19, 0, 0, TimeSpan.Zero);

    [Fact]
    public void AModelThatFitsIsToldWithItsNeed() =>
        MemoryNeed.Judge([("multilingual-e5-small/int8", 118L << 20)], 16 * Gigabyte).ShouldBe("multilingual-e5-small/int8 (118 MiB of weights): about 497 MiB needed, 16384 MiB there");

    [Fact]
    public void AModelThatDoesNotFitIsRefusedWithTheRemedy() =>
        Should.Throw<ModelException>(() => MemoryNeed.Judge([("mistral/q4", 4 * Gigabyte), ("small", 100L << 20)], 4 * Gigabyte)).Message
            .ShouldBe("mistral/q4 (4096 MiB of weights), small (100 MiB of weights): about 6614 MiB needed, 4096 MiB there. Give the machine or the service more memory, or choose a smaller variant or model.");

    [Fact]
    public void ANightNeedsTwiceItsLargestAndAGigabyteAtLeast()
    {
        DiskSpace.Judge("disk", 2 * Gigabyte, 100 * Gigabyte, 0).ShouldBe(new Finding("disk", true, "2.0 GiB free of 100.0", null));
        DiskSpace.Judge("disk", Gigabyte / 2, 100 * Gigabyte, 0).ShouldBe(new Finding("disk", false, "0.5 GiB free of 100.0", "Make room: 1.0 GiB at least."));
        DiskSpace.Judge("disk", 7 * Gigabyte, 100 * Gigabyte, 4 * Gigabyte).ShouldBe(new Finding("disk", false, "7.0 GiB free of 100.0; 4.0 GiB are likely to be written", "Make room: 8.0 GiB at least."));
    }

    [Fact]
    public void ThatTheRoomOfAShareCannotBeKnownIsToldAndStopsNoNight()
    {
        var finding = DiskSpace.Of("disk", @"\\srv\results", 0);
        finding.Good.ShouldBeTrue();
        finding.Found.ShouldStartWith(@"how much room \\srv\results has is not known: ");
    }

    [Fact]
    public async Task ACheckThatEndsWithAnExceptionIsBadByItsNameAndTheOthersAreExamined()
    {
        var broken = new Finding("clock", false, "this could not be looked at: Not found. (KeyNotFoundException)", null);
        var good = new Finding("clock", true, "right", null);
        Boundary.Round("clock", Finding () => throw new KeyNotFoundException("Not found.")).ShouldBe(broken);
        (await Boundary.RoundAsync("clock", () => Task.FromException<Finding>(new KeyNotFoundException("Not found.")))).ShouldBe(broken);
        Boundary.Round("clock", Several).ShouldBe([good, broken]);
        (await Boundary.RoundAsync("clock", Several().ToAsyncEnumerable()).ToListAsync()).ShouldBe([good, broken]);
        Examination.Judge("clock", () => throw new KeyNotFoundException("Not found.")).ShouldBe(broken);
        Should.Throw<OperationCanceledException>(() => Boundary.Round("clock", Finding () => throw new OperationCanceledException()));

        IEnumerable<Finding> Several()
        {
            yield return good;
            throw new KeyNotFoundException("Not found.");
        }
    }

    [Fact]
    public void AClockBeforeTheLastSettledRunIsTold()
    {
        Clock.Judge(Evening, [(Evening.AddHours(-14), "run 20261124T050000Z-4f2a of the job letters ended"), (Evening.AddMinutes(4), "appsettings.json was written")])
            .ShouldBe(new Finding("clock", true, "2026-11-24 19:00 UTC, and nothing that is known was done later", null));
        Clock.Judge(Evening, [(Evening.AddDays(400), "run 20271230T050000Z-4f2a of the job letters ended"), (Evening, "the program was made")])
            .ShouldBe(new Finding("clock", false, "this machine's clock shows 2026-11-24 19:00 UTC, but run 20271230T050000Z-4f2a of the job letters ended at 2027-12-29 19:00 UTC", "Set the clock (Linux: timedatectl set-ntp true; Windows: w32tm /resync) before the next night."));
    }
}
