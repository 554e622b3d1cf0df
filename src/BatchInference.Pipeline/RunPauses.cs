using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>What a run waits for now, outside itself: a storage, room in the output, a model. Thread-safe.</summary>
public sealed class RunPauses(TimeProvider time)
{
    private readonly Lock turn = new();
    private readonly List<(string Awaited, string Reason, long Began)> pauses = [];

    /// <summary>Why nothing goes on; null while all does.</summary>
    public string? Reason
    {
        get
        {
            lock (turn)
                return pauses.Count == 0 ? null : string.Join(' ', pauses.Select(pause => pause.Reason).Distinct());
        }
    }

    /// <summary>Called with the reason whenever it changes.</summary>
    internal event Action<string?>? Changed;

    /// <summary>The run waits for something, until <see cref="End"/>.</summary>
    /// <param name="awaited">What: <c>output</c>, <c>model</c>, the name of a storage.</param>
    /// <param name="reason">Why, for whoever watches.</param>
    public void Begin(string awaited, string reason)
    {
        reason = SecretValues.BlotOut(reason);
        lock (turn)
        {
            if (pauses.Exists(pause => pause.Awaited == awaited && pause.Reason == reason))
                return;
            pauses.Add((awaited, reason, time.GetTimestamp()));
        }

        Changed?.Invoke(Reason);
    }

    /// <summary>It is there again.</summary>
    public void End(string awaited)
    {
        lock (turn)
        {
            var ended = pauses.Where(pause => pause.Awaited == awaited).ToArray();
            if (ended.Length == 0)
                return;
            foreach (var pause in ended)
                Telemetry.Paused(awaited, time.GetElapsedTime(pause.Began));
            pauses.RemoveAll(pause => pause.Awaited == awaited);
        }

        Changed?.Invoke(Reason);
    }
}

/// <summary>Keeps in the books why a run waits, for whoever asks from another process. What is written late or not at all harms nobody.</summary>
internal sealed class PauseRecord : IAsyncDisposable
{
    private readonly RunPauses pauses;
    private readonly RunId run;
    private readonly Ledger ledger;
    private readonly Lock turn = new();
    private readonly CancellationTokenSource ended = new();
    private Task written = Task.CompletedTask;

    public PauseRecord(RunPauses pauses, RunId run, Ledger ledger)
    {
        (this.pauses, this.run, this.ledger) = (pauses, run, ledger);
        pauses.Changed += Write;
        if (pauses.Reason is { } reason)
            Write(reason);
    }

    public async ValueTask DisposeAsync()
    {
        pauses.Changed -= Write;
        await ended.CancelAsync();
        await written;
        ended.Dispose();
    }

    private void Write(string? reason)
    {
        lock (turn)
            written = WriteAsync(written, reason);
    }

    private async Task WriteAsync(Task before, string? reason)
    {
        await before;
        try
        {
            await ledger.PauseAsync(run, reason, ended.Token);
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or TimeoutException or OperationCanceledException or IOException)
        {
            // The books are away too, or the run is over.
        }
    }
}
