using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Pipeline.Resume;
using BatchInference.Testing;
using Microsoft.Extensions.Time.Testing;
using Polly;

namespace BatchInference.Pipeline.Tests;

/// <summary>What two nodes share: documents, output, books; and what must be true of them in the end.</summary>
internal sealed class ModelArchive
{
    public const int Documents = 11;

    private readonly ModelNode[] nodes;
    private readonly Func<Task> expire;
    private int runs;

    public ModelArchive(ResultSink sink, Ledger[] ledgers, string[] stateFolders, Func<Task> expire, string job = "letters", int day = 0)
    {
        (Sink, this.expire, Job) = (sink, expire, job);
        Time.Advance(TimeSpan.FromDays(day));
        for (var number = 0; number < Documents; number++)
            Change(number);
        nodes = [new ModelNode(this, ledgers[0], stateFolders[0]), new ModelNode(this, ledgers[1], stateFolders[1])];
    }

    public string Job { get; }

    public ResultSink Sink { get; }

    public MemorySource Source { get; } = new();

    public ResultScope Scope => new(Job, Sink.Identity);

    public FakeTimeProvider Time { get; } = new(Some.Evening);

    /// <summary>Who took a shard last: nobody else may record anything of it.</summary>
    public Dictionary<(RunId Run, int Shard), ModelNode> Takers { get; } = [];

    /// <summary>Runs that were closed: nothing more may be recorded of them.</summary>
    public HashSet<RunId> Closed { get; } = [];

    public RunPlan NextPlan()
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return Some.Plan() with { Job = Job, Run = RunId.New(Time.GetUtcNow(), (ushort)runs++), VersionsAreTags = true };
    }

    public async Task WalkAsync(IEnumerable<(int Node, NodeStep Step, int Document)> steps)
    {
        foreach (var (node, step, document) in steps)
        {
            if (step == NodeStep.Change)
                Change(document);
            else if (step == NodeStep.Expire)
                await expire();
            else
                await nodes[node].DoAsync(step);
        }

        // In the end one node is left, and does what is to be done.
        foreach (var node in nodes)
            await node.DoAsync(NodeStep.Die);
        await expire();
        await nodes[0].FinishAsync();
        await JudgeAsync(nodes[0].Ledger);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    private void Change(int document) => Source.Put($"d{document:00}", $"Document {document} of {runs} runs.");

    private async Task JudgeAsync(Ledger ledger)
    {
        // Recorded parts exist as they were recorded, and no others do.
        (await new OutputCheck(Sink, ledger).RunAsync(Job, default).ToListAsync()).ShouldBeEmpty();
        (await ledger.OpenRunsAsync(Scope, default)).ShouldBeEmpty();
        var valid = new List<(string Document, string Version)>();
        await foreach (var part in ledger.PartsAsync(Scope, default))
        {
            var rows = await RowsAsync(part);
            rows.Count.ShouldBe(part.Rows);
            rows.Select(row => row.Document).ShouldBeUnique();
            var validHere = await ledger.ValidInAsync(part, default);
            validHere.ShouldBeSubsetOf(rows.Select(row => row.Document));
            valid.AddRange(rows.Where(row => validHere.Contains(row.Document)).Select(row => (row.Document, row.Version)));
        }

        // Each document has one valid row, and it speaks of the version that the archive has.
        var wanted = await Source.ListAsync(default).Select(document => (document.Id.Path, document.Id.Version)).ToListAsync();
        valid.Order().ShouldBe(wanted.Order());
        (await ledger.FindAsync(Scope, [.. wanted.Select(one => one.Path)], default)).Count.ShouldBe(Documents);
    }

    private async Task<IReadOnlyList<ResultRow>> RowsAsync(PartRecord part)
    {
        await using var stream = await Sink.OpenAsync(PartNames.Of(PartNames.Jsonl, part), default) ?? throw new InvalidOperationException($"Part {part.Shard} of {part.Run} is gone.");
        return await JsonLines.ReadAsync(stream, default).ToListAsync();
    }
}

/// <summary>What a node does next.</summary>
public enum NodeStep
{
    /// <summary>Takes the job, puts in order what was left, begins a run and lists; or shares the run of who has the job.</summary>
    Start,

    /// <summary>Takes a shard.</summary>
    Take,

    /// <summary>Computes a document of it, into the journal.</summary>
    Compute,

    /// <summary>Publishes what was computed.</summary>
    Publish,

    /// <summary>Records what was published.</summary>
    Settle,

    /// <summary>Ends the run.</summary>
    End,

    /// <summary>Dies, and leaves everything as it is.</summary>
    Die,

    /// <summary>Everybody was away for longer than any lease.</summary>
    Expire,

    /// <summary>A document changes.</summary>
    Change,
}

/// <summary>One node, which does what the loops of a run do, one step at a time. A step that makes no sense now is none.</summary>
internal sealed class ModelNode(ModelArchive archive, Ledger ledger, string stateFolder) : IAsyncDisposable
{
    private const int ShardDocuments = 3;

    private readonly List<IAsyncDisposable> left = [];
    private readonly PartPublisher publisher = new(archive.Sink, ResiliencePipeline.Empty);
    private readonly Journals journals = new(Journals.FolderOf(stateFolder, archive.Job));
    private readonly Queue<IReadOnlyList<Pending>> toOffer = new();
    private readonly List<ResultRow> computed = [];
    private JobHold? hold;
    private RunRecord? run;
    private RunHeader? header;
    private ShardBoard? board;
    private RunJournal? journal;
    private Shard? shard;
    private int toCompute;
    private (PartRecord Part, IReadOnlyList<ResultRow> Rows, bool IsOurs)? published;

    public Ledger Ledger { get; } = ledger;

    public Task DoAsync(NodeStep step) => step switch
    {
        NodeStep.Start when run is null => StartAsync(),
        NodeStep.Take when board is not null && shard is null => TakeAsync(),
        NodeStep.Compute when shard is not null && published is null && toCompute < shard.Documents.Count => ComputeAsync(),
        NodeStep.Publish when shard is not null && published is null && computed.Count > 0 => PublishAsync(),
        NodeStep.Settle when shard is not null && (published is not null || shard.Documents.Count == 0) => SettleAsync(),
        NodeStep.End when run is not null && shard is null => EndAsync(),
        NodeStep.Die => DieAsync(),
        _ => Task.CompletedTask,
    };

    /// <summary>Does all that is to be done, alone.</summary>
    public async Task FinishAsync()
    {
        await DoAsync(NodeStep.Start);
        run.ShouldNotBeNull();
        for (var steps = 0; steps < 1000; steps++)
        {
            await DoAsync(NodeStep.Take);
            if (shard is null)
                break;
            foreach (var step in new[] { NodeStep.Compute, NodeStep.Compute, NodeStep.Compute, NodeStep.Publish, NodeStep.Settle })
                await DoAsync(step);
        }

        await DoAsync(NodeStep.End);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in left)
            await one.DisposeAsync();
    }

    private async Task StartAsync()
    {
        var plan = archive.NextPlan();
        try
        {
            hold = await Ledger.HoldAsync(archive.Job, new JobHolder(plan.Run, "here", 1, archive.Time.GetUtcNow()), default);
        }
        catch (JobIsRunningException running)
        {
            if (Ledger is PostgresLedger && running.Holder is { } holder && await Ledger.FindRunAsync(holder.Run, default) is { Ending: null } shared)
                await EnterAsync(shared, leads: false);
            return;
        }

        foreach (var open in await Ledger.OpenRunsAsync(archive.Scope, default))
            archive.Closed.Add(open.Run);
        await new Recovery(archive.Scope, archive.Sink, publisher, Ledger, journals, hold.Token, archive.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).RunAsync(default);
        var record = new RunRecord
        {
            Run = plan.Run, Scope = archive.Scope, RunDate = plan.RunDate, Started = archive.Time.GetUtcNow(), Work = "work", Extraction = "extraction", Header = RunHeader.Of(plan, "memory").ToJson(),
        };
        await Ledger.BeginAsync(record, default);
        await EnterAsync(record, leads: true);
        var listed = await archive.Source.ListAsync(default).ToListAsync();
        var known = await Ledger.FindAsync(archive.Scope, [.. listed.Select(document => document.Id.Path)], default);
        var policy = new SettlementPolicy("work", "extraction", again: false);
        foreach (var documents in listed.Where(document => policy.IsPending(document.Id.Version, known.GetValueOrDefault(document.Id.Path)))
            .Select(document => new Pending(document, known.GetValueOrDefault(document.Id.Path), null)).Chunk(ShardDocuments))
            toOffer.Enqueue(documents);
    }

    private async Task EnterAsync(RunRecord record, bool leads)
    {
        run = record;
        header = RunHeader.Parse(record.Header);
        journal = new RunJournal(journals, record.Run, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        board = Ledger.BoardOf(record.Run, leads, new ShardDocuments(
            record.Run, archive.Source, (paths, token) => Ledger.FindAsync(archive.Scope, paths, token), (paths, token) => Ledger.FindContainersAsync(archive.Scope, paths, token)), archive.Time);
        await board.EnterAsync("test", refused: null, default);
    }

    private async Task TakeAsync()
    {
        try
        {
            if (toOffer.TryDequeue(out var documents))
                await board!.OfferAsync(documents, default);
        }
        catch (LateWriterException)
        {
            await DieAsync();
            return;
        }

        shard = await board!.TryTakeAsync(default);
        toCompute = 0;
        if (shard is not null)
            archive.Takers[(run!.Run, shard.Number)] = this;
    }

    private Task ComputeAsync()
    {
        var document = shard!.Documents[toCompute++].Document.Id;
        var row = new ResultRow { Document = document.Path, Version = document.Version, Sha256 = Some.Sha256(document.Path.Length), Status = RowStatus.Completed, Run = run!.Run.ToString(), ProcessedAt = archive.Time.GetUtcNow() };
        journal!.Append(PartNames.Number(shard.Number, shard.Parts), row);
        computed.Add(row);
        return Task.CompletedTask;
    }

    private async Task PublishAsync()
    {
        ResultRow[] rows = [.. computed.OrderBy(row => row.Document, StringComparer.Ordinal)];
        var (part, there) = await publisher.PublishAsync(new PartRecord(run!.Run, run.RunDate, PartNames.Number(shard!.Number, shard.Parts++), 0, 0, ""), rows, header!, default);
        published = (part, there, ReferenceEquals(rows, there));
    }

    private async Task SettleAsync()
    {
        var settlement = published is { } whole ? Settlements.Of(whole.Part, whole.Rows, versionsAreTags: true) : new Settlement(run!.Run, null, [], [], []);
        var names = (published?.Rows ?? []).Select(row => row.Document).ToHashSet(StringComparer.Ordinal);
        // What an adopted part does not hold comes into the next part.
        computed.RemoveAll(row => names.Contains(row.Document));
        var isDone = computed.Count == 0 && toCompute == shard!.Documents.Count;
        try
        {
            await Ledger.SettleAsync(settlement with
            {
                Token = board!.IsShared ? null : hold!.Token,
                Claim = shard!.Token is { } token ? new ShardClaim(shard.Number, token, isDone ? ShardStep.Done : ShardStep.GoesOn, shard.Share) : null,
            }, default);
        }
        catch (ShardTakenException)
        {
            Forget();
            return;
        }
        catch (LateWriterException)
        {
            if (published is { IsOurs: true } ours && await Ledger.FindRunAsync(run!.Run, default) is { Ending: not null }
                && (await Ledger.PartsOfAsync(run.Run, default)).All(recorded => recorded.Shard != ours.Part.Shard))
                await publisher.RemoveAsync(ours.Part, default);
            await DieAsync();
            return;
        }

        // Nothing is recorded by one who came late.
        archive.Closed.ShouldNotContain(run!.Run);
        archive.Takers[(run.Run, shard.Number)].ShouldBe(this);
        if (published is { } recorded)
            journal!.Remove(recorded.Part.Shard);
        published = null;
        if (isDone)
            Forget();
    }

    private async Task EndAsync()
    {
        if (hold is not null)
        {
            var ending = new RunEnding(archive.Time.GetUtcNow(), RunEnd.Stopped, null, new RunCounts(), null, HasFolder: true);
            await Ledger.RevokeAsync(run!.Run, default);
            await new RunFolder(publisher, Ledger).CloseAsync(run, ending, default);
            await Ledger.EndAsync(run.Run, ending, default);
            archive.Closed.Add(run.Run);
            await hold.DisposeAsync();
        }

        await board!.DisposeAsync();
        (hold, board) = (null, null);
        await DieAsync();
    }

    private void Forget()
    {
        board!.Closed(shard!);
        (shard, published) = (null, null);
        computed.Clear();
    }

    // Of a node that died its lock on this machine is free at once; its lease is not, and runs out.
    private async Task DieAsync()
    {
        journal?.Dispose();
        if (hold is not null && Ledger is SqliteLedger)
            await hold.DisposeAsync();
        else if (hold is not null)
            left.Add(hold);
        if (board is not null)
            left.Add(board);
        (hold, run, header, board, journal, shard, published) = (null, null, null, null, null, null, null);
        computed.Clear();
        toOffer.Clear();
    }
}
