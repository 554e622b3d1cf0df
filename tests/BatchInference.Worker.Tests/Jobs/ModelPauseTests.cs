using BatchInference.Documents.Extraction;
using BatchInference.Pipeline;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Worker.Tests.Jobs;

/// <summary>A model that stops answering in the middle of a run.</summary>
[Collection("meters")]
public sealed class ModelPauseTests : IAsyncDisposable
{
    private const int Documents = 60;

    private readonly TempFolder state = new();
    private readonly MemorySource source = new();
    private readonly MemorySink sink = new();
    private readonly FakeTimeProvider time = new(Some.Evening);
    private readonly SqliteLedger ledger;
    private readonly CancellationTokenSource softStop = new();
    private readonly List<string> told = [];
    private readonly List<TimeSpan> asked = [];
    private int waits;

    public ModelPauseTests()
    {
        ledger = SqliteLedger.Open(state);
        for (var number = 0; number < Documents; number++)
            source.Put($"letter-{number:00}", $"Letter {number} to the mayor. It asks for a bench in the park.");
    }

    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        state.Dispose();
        softStop.Dispose();
    }

    [Fact]
    public async Task AModelThatComesBackIsWaitedForAndEveryDocumentIsDone()
    {
        var progress = new RunProgress(time);
        string? shown = null;
        var report = await RunAsync(progress, mendsAfter: TimeSpan.FromMinutes(7), watch: () => shown ??= progress.Snapshot().Paused);

        report.End.ShouldBe(RunEnd.Complete, report.Reason);
        report.Counts.Completed.ShouldBe(Documents);
        report.Counts.Temporary.ShouldBe(0);
        shown.ShouldBe("The model scripted/test no longer answers (The model choked.).");
        progress.Snapshot().Paused.ShouldBeNull();
        told.ShouldBe([
            "Paused: The model scripted/test no longer answers (The model choked.). It is asked again after 30 seconds, then less and less often, for 60 minutes at most.",
            "The model answers again; the run goes on.",
        ]);
        waits.ShouldBeGreaterThan(40, "whoever watches sees every ten seconds that the run lives");
    }

    [Fact]
    public async Task TheModelIsAskedLessAndLessOften()
    {
        await RunAsync(new RunProgress(time), mendsAfter: TimeSpan.FromMinutes(50));
        // The clock goes on by steps of five seconds, of which one or two may pass before the run comes to its turn.
        asked.Zip(asked.Skip(1), (earlier, later) => Math.Round((later - earlier).TotalSeconds / 30) * 30).Where(wait => wait > 0).ShouldBe([30, 60, 120, 240, 480, 600, 600, 600]);
    }

    [Fact]
    public async Task AModelThatStaysSilentEndsTheRunAndTheNextOneDoesTheRest()
    {
        var report = await RunAsync(new RunProgress(time), mendsAfter: TimeSpan.FromDays(1));
        report.End.ShouldBe(RunEnd.Failed);
        report.Reason!.ShouldStartWith("The model scripted/test failed for 20 documents in a row, so it is not the documents: The model choked.");
        asked[^1].ShouldBeInRange(TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(72));
        (await NextAsync()).Counts.Completed.ShouldBe(Documents - report.Counts.Completed);
    }

    [Fact]
    public async Task TheCloseOfTheNightEndsThePauseInGoodOrder()
    {
        await using var close = time.CreateTimer(_ => softStop.Cancel(), null, TimeSpan.FromMinutes(5), Timeout.InfiniteTimeSpan);
        var report = await RunAsync(new RunProgress(time), mendsAfter: TimeSpan.FromDays(1));
        report.End.ShouldBe(RunEnd.Stopped, report.Reason);
        report.Counts.Failed.ShouldBe(0);
        sink.Names.ShouldContain($"{report.Folder}/_SUCCESS");
        asked[^1].ShouldBeLessThan(TimeSpan.FromMinutes(6));
        (await NextAsync()).Counts.Completed.ShouldBe(Documents - report.Counts.Completed);
    }

    [Fact]
    public async Task AModelThatNeverAnsweredEndsTheRunAtOnce()
    {
        var report = await RunAsync(new RunProgress(time), mendsAfter: TimeSpan.FromDays(1), breaksAfter: 0);
        report.End.ShouldBe(RunEnd.Failed);
        told.ShouldBeEmpty();
        waits.ShouldBe(0);
    }

    [Fact]
    public async Task ZeroMinutesEndTheRunAtOnce()
    {
        var report = await RunAsync(new RunProgress(time), mendsAfter: TimeSpan.FromDays(1), settings: new ModelSettings { LongestPauseMinutes = 0 });
        report.End.ShouldBe(RunEnd.Failed);
        told.ShouldBeEmpty();
    }

    private async Task<RunReport> RunAsync(RunProgress progress, TimeSpan mendsAfter, int breaksAfter = 20, ModelSettings? settings = null, Action? watch = null)
    {
        var pass = new ScriptedPass();
        DateTimeOffset? broke = null;
        pass.Before = _ =>
        {
            if (pass.Rows >= breaksAfter)
                broke ??= time.GetUtcNow();
            pass.Broken = broke is { } since && time.GetUtcNow() - since < mendsAfter;
            if (pass.Broken)
                asked.Add(time.GetUtcNow() - Some.Evening);
        };
        var run = new BatchRun(Some.Plan() with { RetryDelays = [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)] }, source, DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System), () => [pass], sink, ledger)
        {
            Time = time,
            Progress = progress,
            ModelPipeline = ModelPause.Of(settings ?? new ModelSettings(), time, progress.Pauses, told.Add, () => waits++, softStop.Token),
        };
        var running = run.RunAsync(softStop.Token, CancellationToken.None);
        while (!running.IsCompleted)
        {
            watch?.Invoke();
            time.Advance(TimeSpan.FromSeconds(waits > 0 ? 5 : 0));
            await Task.Yield();
            // Small steps only where something waits for the clock.
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }

        return await running;
    }

    private Task<RunReport> NextAsync() => new BatchRun(
        Some.Plan(1), source, DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System), () => [new ScriptedPass()], sink, ledger).RunAsync(default, default);
}
