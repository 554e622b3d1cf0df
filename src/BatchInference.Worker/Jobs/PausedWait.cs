namespace BatchInference.Worker.Jobs;

/// <summary>The wait of a run that is paused: a soft stop ends it, and whoever watches sees that the run lives.</summary>
internal static class PausedWait
{
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(10);

    /// <param name="wait">How long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="waits">Told again and again.</param>
    /// <param name="softStop">Ends the wait.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public static async Task ForAsync(TimeSpan wait, TimeProvider time, Action waits, CancellationToken softStop, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(softStop, cancellationToken);
        for (var left = wait; left > TimeSpan.Zero && !either.IsCancellationRequested; left -= SignOfLife)
        {
            waits();
            await Task.Delay(left < SignOfLife ? left : SignOfLife, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
