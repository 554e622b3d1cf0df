using System.Globalization;
using BatchInference.Documents;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>
/// What happens to the operations of one storage. Its client tries each request again; here an operation that fails all the same is tried a few times more, and when the storage fails everybody,
/// a circuit breaker opens and the job pauses: nothing is asked, no document fails, until the storage answers again or the run is asked to stop.
/// </summary>
internal sealed class StorageGuard
{
    // Between the tries of one operation, in seconds.
    private const int LongestWait = 5;

    private static readonly TimeSpan Sampling = TimeSpan.FromMinutes(1);

    private readonly StorageSettings settings;
    private readonly TimeProvider time;
    private readonly string place;
    private CancellationToken stop;
    private Action<string>? told;
    private RunPauses? shown;
    private Action waits = () => { };
    private bool isPaused;

    /// <param name="place">What messages name the storage by.</param>
    /// <param name="settings">How patient it is.</param>
    /// <param name="time">The clock.</param>
    public StorageGuard(string place, StorageSettings settings, TimeProvider time)
    {
        (this.place, this.settings, this.time) = (place, settings, time);
        var breaker = Builder().AddCircuitBreaker(Breaker()).Build();
        Telemetry.BreakerIs(place, BreakerState.Closed);
        // A bulkhead: what waits for its turn takes none of the time of an operation, and is no failure.
        var bulkhead = Builder().AddConcurrencyLimiter(settings.AtOnce, queueLimit: int.MaxValue).Build();
        Operations = Builder().AddSpan(Telemetry.Operations, "storage operation", place).AddRetry(Pauses()).AddRetry(Tries()).AddPipeline(breaker).AddPipeline(bulkhead).AddTimeout(TimeSpan.FromSeconds(settings.OperationSeconds)).Build();
        Documents = Builder().AddSpan(Telemetry.Documents, "read document", place).AddRetry(Pauses()).AddRetry(Tries()).AddPipeline(breaker).AddPipeline(bulkhead).Build();
    }

    /// <summary>For listing, creating, opening, removing.</summary>
    public ResiliencePipeline Operations { get; }

    /// <summary>For reading one document, whose time is limited by <see cref="LimitSettings.Seconds"/>.</summary>
    public ResiliencePipeline Documents { get; }

    /// <summary>From now on the job pauses where the storage is out; before, an outage is an error at once.</summary>
    /// <param name="tell">Told when the job pauses and when it goes on.</param>
    /// <param name="pauses">Shows that the job pauses.</param>
    /// <param name="waited">Told again and again while the job waits.</param>
    /// <param name="softStop">Ends a pause.</param>
    public void Attend(Action<string> tell, RunPauses pauses, Action waited, CancellationToken softStop) => (told, shown, waits, stop) = (tell, pauses, waited, softStop);

    private ResiliencePipelineBuilder Builder() => new() { TimeProvider = time };

    private bool MayPause => told is not null && !stop.IsCancellationRequested;

    private static bool IsOutage(Exception? exception) => exception is StorageUnavailableException or TimeoutRejectedException;

    // One more than open the breaker, so that an operation that is alone comes to the pause and not to its end.
    private RetryStrategyOptions Tries() => new()
    {
        ShouldHandle = arguments => ValueTask.FromResult(IsOutage(arguments.Outcome.Exception) && MayPause),
        MaxRetryAttempts = settings.FailuresBeforePause,
        Delay = TimeSpan.Zero,
        OnRetry = arguments =>
        {
            Telemetry.Retried(place);
            return WaitAsync(TimeSpan.FromSeconds(Math.Min(LongestWait, 1 << Math.Min(arguments.AttemptNumber, 10))), arguments.Context);
        },
    };

    private CircuitBreakerStrategyOptions Breaker() => new()
    {
        ShouldHandle = arguments => ValueTask.FromResult(IsOutage(arguments.Outcome.Exception)),
        FailureRatio = 0.5,
        MinimumThroughput = settings.FailuresBeforePause,
        SamplingDuration = Sampling,
        BreakDuration = TimeSpan.FromSeconds(settings.PauseSeconds),
        OnHalfOpened = _ =>
        {
            Telemetry.BreakerIs(place, BreakerState.HalfOpen);
            return ValueTask.CompletedTask;
        },
        OnOpened = opened =>
        {
            Telemetry.BreakerIs(place, BreakerState.Open);
            // It opens anew each time that the storage was asked in vain; that is told once.
            var reason = $"{place} is out ({opened.Outcome.Exception?.Message}).";
            shown?.Begin(place, reason);
            if (told is not null && !Interlocked.Exchange(ref isPaused, true))
                told(string.Create(CultureInfo.InvariantCulture, $"Paused: {reason} It is asked again every {settings.PauseSeconds} seconds."));
            return ValueTask.CompletedTask;
        },
        OnClosed = _ =>
        {
            Telemetry.BreakerIs(place, BreakerState.Closed);
            shown?.End(place);
            if (Interlocked.Exchange(ref isPaused, false))
                told?.Invoke($"{place} answers again; the job goes on.");
            return ValueTask.CompletedTask;
        },
    };

    private RetryStrategyOptions Pauses() => new()
    {
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is BrokenCircuitException && MayPause),
        MaxRetryAttempts = int.MaxValue,
        Delay = TimeSpan.Zero,
        OnRetry = arguments => WaitAsync(TimeSpan.FromSeconds(settings.PauseSeconds), arguments.Context),
    };

    // Waits stand in callbacks and not in the strategies' delays, since a soft stop ends them and not the operation.
    private ValueTask WaitAsync(TimeSpan wait, ResilienceContext context) => new(PausedWait.ForAsync(wait, time, waits, stop, context.CancellationToken));
}
