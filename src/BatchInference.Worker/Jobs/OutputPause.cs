using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using Polly;
using Polly.Retry;

namespace BatchInference.Worker.Jobs;

/// <summary>A full disk pauses a run instead of ending it: nothing is lost meanwhile, and it goes on when somebody has freed space. The close of the night ends the pause.</summary>
internal static class OutputPause
{
    private const string Awaited = "output";

    /// <param name="between">How long the run waits before each further try.</param>
    /// <param name="time">The clock.</param>
    /// <param name="pauses">Shows that the run waits.</param>
    /// <param name="tell">Told when the run pauses, and that it goes on.</param>
    /// <param name="waits">Told at each try.</param>
    /// <param name="softStop">Ends a pause.</param>
    public static ResiliencePipeline Of(TimeSpan between, TimeProvider time, RunPauses pauses, Action<string> tell, Action waits, CancellationToken softStop) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments =>
            {
                var again = arguments.Outcome.Exception is OutputUnavailableException && !softStop.IsCancellationRequested;
                if (arguments.AttemptNumber > 0 && !again)
                    pauses.End(Awaited);
                if (arguments.AttemptNumber > 0 && arguments.Outcome.Exception is null)
                    tell("The output can be written again; the run goes on.");
                return ValueTask.FromResult(again);
            },
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.Zero,
            // The wait stands in the callback and not in the delay, since a soft stop ends it and not the operation.
            OnRetry = async arguments =>
            {
                if (arguments is { AttemptNumber: 0, Outcome.Exception: { } full })
                {
                    pauses.Begin(Awaited, full.Message);
                    tell(string.Create(CultureInfo.InvariantCulture, $"Paused: {full.Message} It is tried again every {between.TotalSeconds:0} seconds."));
                }

                await PausedWait.ForAsync(between, time, waits, softStop, arguments.Context.CancellationToken);
            },
        }).Build();
}
