using BatchInference.Documents;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs.Storages;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace BatchInference.Worker.Tests.Jobs;

/// <summary>A storage in trouble, on a clock that the test moves.</summary>
[Collection("meters")]
public sealed class StorageGuardTests : IDisposable
{
    private static readonly StorageSettings Settings = new() { FailuresBeforePause = 3, PauseSeconds = 30, OperationSeconds = 60 };

    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource softStop = new();
    private readonly List<string> told = [];
    private readonly StorageGuard guard;
    private volatile bool isOut;
    private int asked, waited;

    public StorageGuardTests() => guard = new StorageGuard("the container deposits", Settings, time);

    public void Dispose() => softStop.Dispose();

    [Fact]
    public async Task AtTheDoorAnOutageIsAnErrorAtOnce()
    {
        isOut = true;
        await Should.ThrowAsync<StorageUnavailableException>(() => AskAsync());
        asked.ShouldBe(1);
        told.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnOperationThatFailsIsTriedAgainAndNobodyIsTold()
    {
        Attend();
        isOut = true;
        var began = time.GetUtcNow();
        var operation = AskAsync();
        await PassAsync(() => asked >= 2);
        isOut = false;
        await EndAsync(operation);
        asked.ShouldBeInRange(3, 4);
        (time.GetUtcNow() - began).ShouldBeLessThan(TimeSpan.FromSeconds(Settings.PauseSeconds));
        told.ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatIsNotTheStoragesFaultIsNotTriedAgainAndOpensNothing()
    {
        Attend();
        for (var number = 0; number < 20; number++)
            await Should.ThrowAsync<IOException>(() => guard.Operations.ExecuteAsync(_ => throw new IOException("This document is gone."), CancellationToken.None).AsTask());
        told.ShouldBeEmpty();
        await AskAsync();
        asked.ShouldBe(1);
    }

    [Fact]
    public async Task AStorageThatStaysOutPausesTheJobAndIsAskedSeldomUntilItAnswers()
    {
        Attend();
        isOut = true;
        var operation = AskAsync();
        await PassAsync(() => told.Count > 0);
        told.ShouldBe(["Paused: the container deposits is out (It is busy.). It is asked again every 30 seconds."]);
        var (before, paused) = (asked, time.GetUtcNow());
        await PassAsync(() => time.GetUtcNow() - paused > TimeSpan.FromMinutes(10));
        // Once a pause, not by every try of every operation.
        (asked - before).ShouldBeInRange(1, 25);
        waited.ShouldBeGreaterThan(20, "The service is not to be thought dead while a storage is.");
        operation.IsCompleted.ShouldBeFalse();
        isOut = false;
        await EndAsync(operation);
        told.ShouldBe([told[0], "the container deposits answers again; the job goes on."]);
    }

    [Fact]
    public async Task WhileTheJobIsPausedTheStorageIsAskedNoMoreOftenHoweverManyDocumentsWait()
    {
        Attend();
        isOut = true;
        List<Task> waiting = [AskAsync()];
        await PassAsync(() => told.Count > 0);
        for (var number = 0; number < 10; number++) waiting.Add(guard.Documents.ExecuteAsync(Answer, CancellationToken.None).AsTask());
        var (before, paused) = (asked, time.GetUtcNow());
        await PassAsync(() => time.GetUtcNow() - paused > TimeSpan.FromMinutes(10));
        (asked - before).ShouldBeInRange(1, 25);
        waiting.ShouldAllBe(one => !one.IsCompleted);
        isOut = false;
        foreach (var one in waiting) await EndAsync(one);
    }

    [Fact]
    public async Task ASoftStopEndsAPauseWithoutWaitingForIt()
    {
        Attend();
        isOut = true;
        var operation = AskAsync();
        await PassAsync(() => told.Count > 0);
        // On a clock that stands from here on.
        await softStop.CancelAsync();
        var failure = await Should.ThrowAsync<Exception>(() => operation.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System));
        (failure is BrokenCircuitException or StorageUnavailableException).ShouldBeTrue(failure.ToString());
    }

    [Fact]
    public async Task AnOperationWithoutEndIsGivenUpAfterItsTime()
    {
        var operation = guard.Operations.ExecuteAsync(async token => await Task.Delay(Timeout.InfiniteTimeSpan, time, token), CancellationToken.None).AsTask();
        var began = time.GetUtcNow();
        await PassAsync(() => operation.IsCompleted);
        await Should.ThrowAsync<TimeoutRejectedException>(() => operation);
        (time.GetUtcNow() - began).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(Settings.OperationSeconds));
    }

    [Fact]
    public async Task NoMoreOperationsAndDocumentsThanAllowedAreWithTheStorageAtOnceAndTheOthersWait()
    {
        var narrow = new StorageGuard("the container narrow", Settings with { AtOnce = 3 }, time);
        using var open = new SemaphoreSlim(0);
        var (inside, most) = (0, 0);
        async ValueTask Work(CancellationToken token)
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await open.WaitAsync(token);
            Interlocked.Decrement(ref inside);
        }

        Task[] all = [.. Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? narrow.Operations : narrow.Documents).ExecuteAsync(Work, CancellationToken.None).AsTask())];
        inside.ShouldBe(3);
        // Together longer than an operation may take: waiting takes none of its time.
        for (var number = 0; number < 17; number++)
        {
            open.Release();
            while (all.Count(one => one.IsCompleted) <= number) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        open.Release(3);
        await Task.WhenAll(all);
        most.ShouldBe(3);
    }

    [Fact]
    public async Task AHardStopIsNoOutage()
    {
        Attend();
        using var hardStop = new CancellationTokenSource();
        var operation = guard.Operations.ExecuteAsync(async token => await Task.Delay(Timeout.InfiniteTimeSpan, time, token), hardStop.Token).AsTask();
        await hardStop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => operation);
        told.ShouldBeEmpty();
    }

    private void Attend() => guard.Attend(told.Add, new RunPauses(time), () => waited++, softStop.Token);

    private Task AskAsync() => guard.Operations.ExecuteAsync(Answer, CancellationToken.None).AsTask();

    private ValueTask Answer(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref asked);
        return isOut ? throw new StorageUnavailableException("It is busy.") : ValueTask.CompletedTask;
    }

    private async Task EndAsync(Task operation)
    {
        await PassAsync(() => operation.IsCompleted);
        await operation;
    }

    // Lets time pass in small steps until something is seen, for an hour at most.
    private async Task PassAsync(Func<bool> seen)
    {
        var end = time.GetUtcNow().AddHours(1);
        while (!seen())
        {
            time.GetUtcNow().ShouldBeLessThan(end);
            time.Advance(TimeSpan.FromMilliseconds(500));
            // Continuations run on the pool; they get their turn, on a crowded machine too.
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }
}
