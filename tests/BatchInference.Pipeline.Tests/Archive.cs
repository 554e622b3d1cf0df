using System.Runtime.CompilerServices;
using System.Text;
using BatchInference.Documents;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Models.Passes;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Pipeline.Resume;
using BatchInference.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>Everything around a run, in memory: documents, models, output, books.</summary>
internal sealed class Archive : IDisposable
{
    private readonly TempFolder state = new();
    private int runs;

    public Archive()
    {
        Ledger = SqliteLedger.Open(state);
        Source = new ArchiveSource(this);
    }

    public SortedDictionary<string, (string Text, string Version)> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>Called when a document is opened; may throw.</summary>
    public Action<string> Opening { get; set; } = _ => { };

    /// <summary>Called when a document is listed; may throw.</summary>
    public Action<string> Listing { get; set; } = _ => { };

    public MemorySink Sink { get; set; } = new();

    public ScriptedPass Pass { get; set; } = new();

    public Ledger Ledger { get; set; }

    /// <summary>The program's own folder.</summary>
    public string State => state;

    internal Journals Journals => new(Journals.FolderOf(state, "letters"));

    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>The rows of all journals that lie there.</summary>
    public async Task<IReadOnlyList<ResultRow>> JournalsAsync() => [.. (await Task.WhenAll(Journals.Left().Select(journal => journal.ReadAsync(default)))).SelectMany(rows => rows)];

    public ArchiveText Extractor { get; } = new();

    public ArchiveBox Box { get; } = new();

    public DocumentReader Reader => new ArchiveReader(this, new LocalDocumentReader([Extractor], [Box], OcrTools.None, new ExtractionLimits(), TimeProvider.System));

    /// <summary>What becomes of each reading.</summary>
    public Func<DocumentReading, DocumentReading> Reading { get; set; } = reading => reading;

    public DocumentSource Source { get; set; }

    public FakeTimeProvider Time { get; } = new(Some.Evening);

    public int Loads { get; private set; }

    /// <summary>Of the last run.</summary>
    public RunProgress Progress { get; private set; } = new(TimeProvider.System);

    /// <summary>Called when the models are loaded; may throw.</summary>
    public Action Loading { get; set; } = () => { };

    public CancellationTokenSource SoftStop { get; set; } = new();

    /// <summary>What asks for the soft stop.</summary>
    public string? WhyStopped { get; set; }

    public CancellationTokenSource HardStop { get; set; } = new();

    public string this[string path]
    {
        set => Documents[path] = (value, $"{value.Length}-{Documents.GetValueOrDefault(path).Version?.Length ?? 0}");
    }

    public void Touch(string path) => Documents[path] = Documents[path] with { Version = Documents[path].Version + "t" };

    public async Task<RunReport> RunAsync(Func<RunPlan, RunPlan>? change = null)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        var plan = Some.Plan(runs++, Pass.Fingerprint);
        var run = new BatchRun(change?.Invoke(plan) ?? plan, Source, Reader, Load, Sink, Ledger) { Time = Time, Progress = Progress = new RunProgress(Time), StateFolder = state, Logger = Logger, WhyStopped = () => WhyStopped };
        return await run.RunAsync(SoftStop.Token, HardStop.Token);
    }

    /// <summary>A run whose process dies when the sink is about to name a file that <paramref name="at"/> chooses.</summary>
    public async Task DieAsync(Func<string, bool> at, Func<RunPlan, RunPlan>? change = null)
    {
        Sink.Before = name =>
        {
            if (!at(name))
                return;
            HardStop.Cancel();
            HardStop.Token.ThrowIfCancellationRequested();
        };
        try
        {
            await RunAsync(change);
        }
        catch (OperationCanceledException)
        {
        }

        Sink.Before = _ => { };
        HardStop = new CancellationTokenSource();
    }

    /// <summary>All rows of all parts.</summary>
    public IReadOnlyList<ResultRow> Rows => [.. Sink.Names.Where(name => name.EndsWith(".jsonl", StringComparison.Ordinal) && name.StartsWith("jsonl/", StringComparison.Ordinal)).SelectMany(RowsOf)];

    public IReadOnlyList<ResultRow> RowsOf(string name) => JsonLines.ReadAsync(new MemoryStream(Sink.Bytes(name)), default).ToBlockingEnumerable().ToArray();

    public IReadOnlyList<string> RowsPerDocument => [.. Rows.Select(row => row.Document).Order(StringComparer.Ordinal)];

    /// <summary>The runs that left anything in the output.</summary>
    public IReadOnlyList<string> Runs() =>
    [
        .. Sink.Names.Select(name => System.Text.RegularExpressions.Regex.Match(name, @"\d{8}T\d{6}Z-[0-9a-f]{4}").Value).Where(run => run.Length > 0).Distinct(),
    ];

    public void Dispose()
    {
        Ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
        state.Dispose();
        SoftStop.Dispose();
        HardStop.Dispose();
    }

    private IReadOnlyList<ModelPass> Load()
    {
        Loads++;
        Loading();
        return [Pass];
    }

    private sealed class ArchiveReader(Archive archive, DocumentReader inner) : DocumentReader
    {
        public override string Fingerprint => inner.Fingerprint;

        public override IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, CancellationToken cancellationToken) =>
            inner.ReadAsync(document, isKnown, cancellationToken).Select(reading => archive.Reading(reading));
    }

    private sealed class ArchiveSource(Archive archive) : DocumentSource
    {
        public override string Description => "memory:/archive";

        public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var (path, (text, version)) in archive.Documents)
            {
                cancellationToken.ThrowIfCancellationRequested();
                archive.Listing(path);
                yield return Listed(new DocumentId(path, version), text.Length);
            }

            await Task.CompletedTask;
        }

        public override Document Listed(DocumentId id, long? length)
        {
            var text = archive.Documents[id.Path].Text;
            return new Document(id, length, _ =>
            {
                archive.Opening(id.Path);
                return ValueTask.FromResult<Stream>(new MemoryStream(Encoding.UTF8.GetBytes(text)));
            });
        }
    }
}

/// <summary>Reads text; a document that says LOCKED is one with a password.</summary>
internal sealed class ArchiveText : TextExtractor
{
    public int Grown { get; set; } = 1;

    /// <summary>What it makes of a text.</summary>
    public Func<string, string> Read { get; set; } = text => text;

    public override IReadOnlyList<string> MediaTypes => ["text/plain", "message/rfc822"];

    public override int Revision => Grown;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(content, Encoding.UTF8, leaveOpen: true);
        var text = reader.ReadToEnd().Split(ArchiveBox.Lid)[0];
        return text.Contains("LOCKED", StringComparison.Ordinal)
            ? throw new DocumentException("The document is encrypted and no password is configured.", permanent: true)
            : new ExtractedText(Read(text), mediaType) { Language = "en", Metadata = new Dictionary<string, string> { ["title"] = text.Split(' ')[0] } };
    }
}

/// <summary>Opens what <see cref="Of"/> and <see cref="Letter"/> put together; a box that says TORN ends there.</summary>
internal sealed class ArchiveBox : ContainerOpener
{
    public const string Lid = "\n=== ";

    /// <summary>Of a box in a box.</summary>
    public const string InnerLid = "\n--- ";

    /// <summary>How often a box was opened.</summary>
    public int Openings { get; private set; }

    /// <summary>Called before a document inside is come to; may throw, and cut the reading short.</summary>
    public Action<string> Reaching { get; set; } = _ => { };

    /// <summary>Called when a document inside is opened; may throw.</summary>
    public Action<string> Taking { get; set; } = _ => { };

    public override IReadOnlyList<string> MediaTypes => ["application/zip", "message/rfc822"];

    public override int Revision => 1;

    /// <summary>A box without a text of its own.</summary>
    public static string Of(params (string Name, string Text)[] members) => "PK\u0003\u0004" + string.Concat(members.Select(member => $"{Lid}{member.Name}\n{member.Text}"));

    /// <summary>A letter with its enclosures.</summary>
    public static string Letter(string text, params (string Name, string Text)[] members) => $"From: the mayor\nSubject: a bench\n\n{text}" + string.Concat(members.Select(member => $"{Lid}{member.Name}\n{member.Text}"));

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        Openings++;
        using var reader = new StreamReader(content, Encoding.UTF8, leaveOpen: true);
        var all = reader.ReadToEnd();
        foreach (var part in all.Split(all.Contains(Lid, StringComparison.Ordinal) ? Lid : InnerLid).Skip(1))
        {
            var end = part.IndexOf('\n', StringComparison.Ordinal);
            var (name, text) = (part[..end], part[(end + 1)..]);
            Reaching(name);
            if (text == "TORN")
                throw new DocumentException("The ZIP archive is damaged.", permanent: true);
            yield return new Member(name, () =>
            {
                Taking(name);
                return new MemoryStream(Encoding.UTF8.GetBytes(text));
            }) { Identifiers = new Dictionary<string, string> { ["box"] = name } };
        }
    }
}
