namespace BatchInference.Pipeline;

/// <summary>
/// Bounds the tokens between reading and inference: who comes waits while it is full, in order of arrival. A document of any size enters when it is not full,
/// so that one larger than the gate passes too, and the model need not run dry for it.
/// </summary>
/// <param name="capacity">Tokens inside from which on who comes waits.</param>
/// <param name="moved">Told of each change of the tokens inside.</param>
internal sealed class TokenGate(long capacity, Action<long>? moved = null) : IDisposable
{
    private readonly Lock sync = new();
    private readonly Queue<(long Tokens, TaskCompletionSource Turn)> waiting = new();
    private long inside;

    public async Task EnterAsync(long tokens, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (sync)
        {
            if (inside < capacity && waiting.Count == 0)
            {
                Move(tokens);
                return;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((tokens, turn));
        }

        await using var registration = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
    }

    public void Leave(long tokens)
    {
        lock (sync)
        {
            Move(-tokens);
            while (inside < capacity && waiting.TryDequeue(out var next))
                if (next.Turn.TrySetResult())
                    Move(next.Tokens);
        }
    }

    /// <summary>What a run leaves behind that was let go of waits no more.</summary>
    public void Dispose()
    {
        lock (sync)
            Move(-inside);
    }

    private void Move(long tokens)
    {
        inside += tokens;
        Telemetry.Queued(tokens);
        moved?.Invoke(tokens);
    }
}
