using System.Globalization;
using BatchInference.Pipeline.Results;
using Polly;
using Polly.Retry;

namespace BatchInference.Worker.Jobs;

/// <summary>A full disk pauses a run instead of ending it: nothing is lost meanwhile, and it goes on when somebody has freed space. The close of the night ends the pause.</summary>
internal static class OutputPause
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    /// <param name="time">The clock.</param>
    /// <param name="tell">Told when the run pauses, and that it goes on.</param>
    /// <param name="waits">Told at each try.</param>
    /// <param name="softStop">Ends a pause.</param>
    public static ResiliencePipeline Of(TimeProvider time, Action<string> tell, Action waits, CancellationToken softStop) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments =>
            {
                if (arguments.AttemptNumber > 0 && arguments.Outcome.Exception is null)
                    tell("The output can be written again; the run goes on.");
                return ValueTask.FromResult(arguments.Outcome.Exception is OutputUnavailableException && !softStop.IsCancellationRequested);
            },
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.Zero,
            // The wait stands in the callback and not in the delay, since a soft stop ends it and not the operation.
            OnRetry = async arguments =>
            {
                waits();
                if (arguments.AttemptNumber == 0)
                    tell(string.Create(CultureInfo.InvariantCulture, $"Paused: {arguments.Outcome.Exception?.Message} It is tried again every {Between.TotalSeconds:0} seconds."));
                using var either = CancellationTokenSource.CreateLinkedTokenSource(softStop, arguments.Context.CancellationToken);
                await Task.Delay(Between, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            },
        }).Build();
}
