using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using Polly;
using Polly.Retry;

namespace BatchInference.Worker.Jobs;

/// <summary>
/// A model that answered in this run and answers no more pauses the run instead of ending it, since it may come back: a device that was reset, memory that others took. It is asked again after waits
/// that grow; when it stays silent for too long, or the night closes, the run ends.
/// </summary>
internal static class ModelPause
{
    private const string Awaited = "model";

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    /// <param name="settings">First wait and longest time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="pauses">Shows that the run waits.</param>
    /// <param name="tell">Told when the run pauses, and that it goes on.</param>
    /// <param name="waits">Told while it waits.</param>
    /// <param name="softStop">Ends a pause.</param>
    public static ResiliencePipeline Of(ModelSettings settings, TimeProvider time, RunPauses pauses, Action<string> tell, Action waits, CancellationToken softStop)
    {
        // One model at a time is asked again, by the one owner of all of them.
        var began = 0L;
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments =>
                {
                    if (arguments.AttemptNumber == 0)
                        began = time.GetTimestamp();
                    var again = arguments.Outcome.Exception is ModelBrokenException { HasAnswered: true }
                        && !softStop.IsCancellationRequested && time.GetElapsedTime(began) < TimeSpan.FromMinutes(settings.LongestPauseMinutes);
                    if (!again)
                        pauses.End(Awaited);
                    if (arguments.AttemptNumber > 0 && arguments.Outcome.Exception is null)
                        tell("The model answers again; the run goes on.");
                    return ValueTask.FromResult(again);
                },
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.Zero,
                // The wait stands in the callback and not in the delay, since a soft stop ends it and not the operation.
                OnRetry = async arguments =>
                {
                    if (arguments is { AttemptNumber: 0, Outcome.Exception: ModelBrokenException broken })
                    {
                        var reason = $"The model {broken.Model} no longer answers ({broken.InnerException?.Message.ReplaceLineEndings(" ")}).";
                        pauses.Begin(Awaited, reason);
                        tell(string.Create(CultureInfo.InvariantCulture, $"Paused: {reason} It is asked again after {settings.PauseSeconds} seconds, then less and less often, for {settings.LongestPauseMinutes} minutes at most."));
                    }

                    var wait = TimeSpan.FromSeconds(settings.PauseSeconds * Math.Pow(2, Math.Min(arguments.AttemptNumber, 16)));
                    await PausedWait.ForAsync(wait < LongestWait ? wait : LongestWait, time, waits, softStop, arguments.Context.CancellationToken);
                },
            }).Build();
    }
}
