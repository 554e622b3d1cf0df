namespace BatchInference.Pipeline.Tests;

/// <summary>Books that answer one record with an error, whether they have it or not.</summary>
internal sealed class FailingLedger(Ledger books) : Ledger
{
    /// <summary>Which record fails; it fails once.</summary>
    public Func<Settlement, bool> Fails { get; set; } = _ => false;

    /// <summary>True when it is in the books nevertheless.</summary>
    public bool Commits { get; init; }

    /// <summary>False to answer no question for a run.</summary>
    public bool Finds { get; init; } = true;

    public override bool IsShared => books.IsShared;

    public override async Task SettleAsync(Settlement settlement, CancellationToken cancellationToken)
    {
        var fails = Fails(settlement);
        if (!fails || Commits)
            await books.SettleAsync(settlement, cancellationToken);
        if (!fails)
            return;
        Fails = _ => false;
        throw new IOException("The ledger does not answer.");
    }

    public override Task<JobHold> HoldAsync(string job, JobHolder holder, CancellationToken cancellationToken) => books.HoldAsync(job, holder, cancellationToken);

    public override Task<JobHolder?> HolderAsync(string job, CancellationToken cancellationToken) => books.HolderAsync(job, cancellationToken);

    public override Task<IReadOnlyList<NodeRecord>> NodesAsync(RunId run, CancellationToken cancellationToken) => books.NodesAsync(run, cancellationToken);

    public override Task BeginAsync(RunRecord run, CancellationToken cancellationToken) => books.BeginAsync(run, cancellationToken);

    public override Task PauseAsync(RunId run, string? reason, CancellationToken cancellationToken) => books.PauseAsync(run, reason, cancellationToken);

    public override Task EndAsync(RunId run, RunEnding ending, CancellationToken cancellationToken) => books.EndAsync(run, ending, cancellationToken);

    public override Task<IReadOnlyList<RunRecord>> OpenRunsAsync(ResultScope scope, CancellationToken cancellationToken) => books.OpenRunsAsync(scope, cancellationToken);

    public override Task<RunRecord?> FindRunAsync(RunId run, CancellationToken cancellationToken) =>
        Finds ? books.FindRunAsync(run, cancellationToken) : throw new IOException("The ledger does not answer.");

    public override Task<RunCounts> CountAsync(RunId run, CancellationToken cancellationToken) => books.CountAsync(run, cancellationToken);

    public override Task<IReadOnlyList<RunRecord>> RunsAsync(string job, int count, CancellationToken cancellationToken) => books.RunsAsync(job, count, cancellationToken);

    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        books.FindAsync(scope, paths, cancellationToken);

    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindContainersAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        books.FindContainersAsync(scope, paths, cancellationToken);

    public override IAsyncEnumerable<PartRecord> PartsAsync(ResultScope scope, CancellationToken cancellationToken) => books.PartsAsync(scope, cancellationToken);

    public override Task<IReadOnlyList<PartRecord>> PartsOfAsync(RunId run, CancellationToken cancellationToken) => books.PartsOfAsync(run, cancellationToken);

    public override Task<IReadOnlySet<string>> ValidInAsync(PartRecord part, CancellationToken cancellationToken) => books.ValidInAsync(part, cancellationToken);

    public override Task ReadValidAsync(ResultScope scope, Func<IAsyncEnumerable<ValidRow>, Task> read, CancellationToken cancellationToken) => books.ReadValidAsync(scope, read, cancellationToken);

    public override IAsyncEnumerable<FailureRecord> FailuresOfAsync(RunId run, CancellationToken cancellationToken) => books.FailuresOfAsync(run, cancellationToken);

    public override IAsyncEnumerable<FailureRecord> FailuresAsync(ResultScope scope, CancellationToken cancellationToken) => books.FailuresAsync(scope, cancellationToken);

    public override Task<IReadOnlyList<string>> OutputsAsync(string job, CancellationToken cancellationToken) => books.OutputsAsync(job, cancellationToken);

    public override Task NoteGoneAsync(ResultScope scope, IReadOnlyCollection<string> gone, IReadOnlyCollection<string> there, CancellationToken cancellationToken) => books.NoteGoneAsync(scope, gone, there, cancellationToken);

    public override Task SuspectAsync(Fall fall, CancellationToken cancellationToken) => books.SuspectAsync(fall, cancellationToken);

    public override Task<IReadOnlyDictionary<string, Suspect>> SuspectsAsync(ResultScope scope, CancellationToken cancellationToken) => books.SuspectsAsync(scope, cancellationToken);

    public override Task<long> RetryAsync(ResultScope scope, CancellationToken cancellationToken) => books.RetryAsync(scope, cancellationToken);

    public override Task<long> RedoAsync(PartRecord part, CancellationToken cancellationToken) => books.RedoAsync(part, cancellationToken);

    public override Task<IReadOnlyList<string>> DamagesAsync(CancellationToken cancellationToken) => books.DamagesAsync(cancellationToken);

    internal override ShardBoard BoardOf(RunId run, bool leads, ShardDocuments documents, TimeProvider clock) => books.BoardOf(run, leads, documents, clock);

    internal override Task RevokeAsync(RunId run, CancellationToken cancellationToken) => books.RevokeAsync(run, cancellationToken);

    protected override ValueTask CloseAsync() => books.DisposeAsync();
}
