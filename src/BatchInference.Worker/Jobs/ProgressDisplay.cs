using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using Spectre.Console;

namespace BatchInference.Worker.Jobs;

/// <summary>Shows on standard error how far a run is: a line that moves on a terminal, else a line each ten seconds.</summary>
internal sealed class ProgressDisplay : IAsyncDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan InLog = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource ended = new();
    private readonly Task showing;

    private ProgressDisplay(Func<CancellationToken, Task> show) => showing = show(ended.Token);

    public static ProgressDisplay Of(string job, RunProgress progress, Surroundings surroundings) => surroundings.IsTerminal
        ? new ProgressDisplay(token => MoveAsync(job, progress, surroundings, token))
        : new ProgressDisplay(token => TellAsync(job, progress, surroundings, token));

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await showing;
        ended.Dispose();
    }

    /// <summary>One moment in words.</summary>
    internal static string Line(string job, ProgressSnapshot now)
    {
        var members = now.Counts.Members is > 0 ? string.Create(CultureInfo.InvariantCulture, $", {now.Counts.Members} inside others") : "";
        var total = now.Total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all}") : "";
        var left = now.TimeLeft is { } time ? $", {Duration(time)} left" : "";
        var failures = now.Failures.Values.Sum() > 0 ? ", failed: " + string.Join(", ", now.Failures.Where(stage => stage.Value > 0).OrderBy(stage => stage.Key, StringComparer.Ordinal).Select(stage => $"{stage.Value} {stage.Key}")) : "";
        return string.Create(CultureInfo.InvariantCulture, $"{job}: {now.Handled}{total} documents{members}, {now.TokensPerSecond:0} tokens/s{left}{failures}{(now.Paused is null ? "" : $"; paused: {now.Paused}")}");
    }

    internal static string Duration(TimeSpan time) => time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");

    private static async Task TellAsync(string job, RunProgress progress, Surroundings surroundings, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(InLog, surroundings.Time);
        while (await TickAsync(timer, ended)) await surroundings.Error.WriteLineAsync(Line(job, progress.Snapshot()));
    }

    private static async Task MoveAsync(string job, RunProgress progress, Surroundings surroundings, CancellationToken ended)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Error), ColorSystem = surroundings.Variable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect });
        await console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(job), maxValue: 1);
                bar.IsIndeterminate = true;
                using var timer = new PeriodicTimer(OnTerminal, surroundings.Time);
                do
                {
                    var now = progress.Snapshot();
                    bar.Description = Markup.Escape(Line(job, now));
                    if (now.Total is not { } total) continue;
                    bar.IsIndeterminate = false;
                    bar.MaxValue = Math.Max(1, total);
                    bar.Value = now.Handled;
                }
                while (await TickAsync(timer, ended));
            });
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken ended)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
