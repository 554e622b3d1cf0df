using System.Runtime.InteropServices;

namespace BatchInference.Worker.Jobs;

/// <summary>The two ways to stop a run. The first signal asks to finish what is in hand; the second lets go of everything.</summary>
internal sealed class StopSignals : IDisposable
{
    // Longer is no estimate but a model that stands still, and the night is to be used.
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(15);

    private readonly CancellationTokenSource soft = new();
    private readonly CancellationTokenSource hard = new();
    private readonly List<IDisposable> owned = [];
    private int heard;

    /// <summary>Finish, publish, close.</summary>
    public CancellationToken Soft => soft.Token;

    /// <summary>Let go.</summary>
    public CancellationToken Hard => hard.Token;

    /// <summary>What asked for the stop, for people; null while nothing did.</summary>
    public string? Reason { get; private set; }

    /// <summary>Tells how long what is in hand will take; asked by <see cref="AskAt"/>.</summary>
    public Func<TimeSpan> Drain { get; set; } = () => TimeSpan.Zero;

    /// <summary>Hears Ctrl+C and the service manager's SIGTERM.</summary>
    /// <param name="told">Told at each signal.</param>
    public void HearSignals(Action<string> told)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            owned.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Heard(told);
            }));
    }

    // Signals are counted by themselves: the first that comes after the night has closed, or after the host was told to stop, asks no more than those did.
    internal void Heard(Action<string> told)
    {
        if (Interlocked.Increment(ref heard) > 1)
        {
            told("Stopping at once.");
            Cancel(hard);
        }
        else
        {
            told("Stopping: what is in hand is finished and published. Once more to stop at once.");
            Ask("it was stopped by a signal");
        }
    }

    /// <summary>Asks so long before an instant that what is in hand is finished by then.</summary>
    public void AskAt(DateTimeOffset instant, TimeProvider time, string reason)
    {
        // The wall clock is looked at again and again: a timer for the whole wait would be late by as long as the machine slept, or by what the clock was put forward.
        void Look(object? state)
        {
            var drain = Drain();
            if (time.GetUtcNow() + (drain < LongestDrain ? drain : LongestDrain) >= instant)
                Ask(reason);
        }

        var wait = instant - time.GetUtcNow();
        var between = TimeSpan.FromSeconds(20);
        owned.Add(time.CreateTimer(Look, null, wait < TimeSpan.Zero ? TimeSpan.Zero : wait < between ? wait : between, TimeSpan.FromSeconds(1)));
    }

    /// <summary>Asks to finish.</summary>
    public void Ask(string reason)
    {
        Reason ??= reason;
        Cancel(soft);
    }

    public void Dispose()
    {
        foreach (var one in owned) one.Dispose();
        soft.Dispose();
        hard.Dispose();
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A signal or the close came while the run ended by itself.
        }
    }
}
