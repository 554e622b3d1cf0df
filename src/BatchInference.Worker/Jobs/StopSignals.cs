using System.Runtime.InteropServices;

namespace BatchInference.Worker.Jobs;

/// <summary>The two ways to stop a run. The first signal asks to finish what is in hand; the second lets go of everything.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource soft = new();
    private readonly CancellationTokenSource hard = new();
    private readonly List<IDisposable> owned = [];

    /// <summary>Finish, publish, close.</summary>
    public CancellationToken Soft => soft.Token;

    /// <summary>Let go.</summary>
    public CancellationToken Hard => hard.Token;

    /// <summary>What asked for the stop, for people; null while nothing did.</summary>
    public string? Reason { get; private set; }

    /// <summary>Hears Ctrl+C and the service manager's SIGTERM.</summary>
    /// <param name="told">Told at each signal.</param>
    public void HearSignals(Action<string> told)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            owned.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (soft.IsCancellationRequested)
                {
                    told("Stopping at once.");
                    hard.Cancel();
                }
                else
                {
                    told("Stopping: what is in hand is finished and published. Once more to stop at once.");
                    Ask("it was stopped by a signal");
                }
            }));
    }

    /// <summary>Asks at an instant.</summary>
    public void AskAt(DateTimeOffset instant, TimeProvider time, string reason)
    {
        var wait = instant - time.GetUtcNow();
        owned.Add(time.CreateTimer(_ => Ask(reason), null, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Asks to finish.</summary>
    public void Ask(string reason)
    {
        Reason ??= reason;
        soft.Cancel();
    }

    public void Dispose()
    {
        foreach (var one in owned) one.Dispose();
        soft.Dispose();
        hard.Dispose();
    }
}
