using System.Diagnostics;
using Polly;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>A span around what a pipeline does, its tries and pauses included. Of a failure the kind alone: a message may name what was read.</summary>
internal sealed class SpanStrategy(ActivitySource source, string name, string storage) : ResilienceStrategy
{
    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        using var span = source.StartActivity(name, ActivityKind.Client)?.SetTag(Telemetry.Storage, storage);
        var outcome = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);
        if (outcome.Exception is { } exception)
            span?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error);
        return outcome;
    }
}

/// <summary>Builds it in.</summary>
internal static class SpanPipeline
{
    public static ResiliencePipelineBuilder AddSpan(this ResiliencePipelineBuilder builder, ActivitySource source, string name, string storage) =>
        builder.AddStrategy(_ => new SpanStrategy(source, name, storage), new SpanOptions());

    private sealed class SpanOptions : ResilienceStrategyOptions;
}
