using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using BatchInference.Pipeline;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Notices;

/// <summary>How a night of a job went, all its runs together.</summary>
internal sealed record NightReport
{
    private const int MostReasons = 20, LongestLine = 300;

    public required string Job { get; init; }

    /// <summary>Local date of the opening.</summary>
    public required DateOnly Night { get; init; }

    public required RunEnd End { get; init; }

    /// <summary>Why it ended before all was done.</summary>
    public string? Reason { get; init; }

    /// <summary>The rows of the night; what is to be tried again, of its last run.</summary>
    public RunCounts Counts { get; init; } = new();

    public long? Remaining { get; init; }

    public IReadOnlyList<FailureReason> Failures { get; init; } = [];

    /// <summary>Where the last run tells of itself; null where it left nothing.</summary>
    public string? Folder { get; init; }

    /// <summary>True when somebody should look.</summary>
    public bool HasProblems => End != RunEnd.Complete || Counts.Failed + Counts.Partial + Counts.Temporary > 0;

    /// <summary>Reads a night from the books.</summary>
    /// <param name="ledger">The books.</param>
    /// <param name="job">Whose night.</param>
    /// <param name="night">Which.</param>
    /// <param name="last">How its last run ended; null when it could not begin.</param>
    /// <param name="reason">Why it could not.</param>
    /// <param name="output">Where the results are.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>Null when there is nothing to tell: a service that was started again found the night done, which was told before.</returns>
    public static async Task<NightReport?> OfAsync(Ledger ledger, string job, Night night, RunReport? last, string? reason, string? output, CancellationToken cancellationToken)
    {
        var runs = (await ledger.RunsAsync(job, 100, cancellationToken)).Where(run => run.RunDate == night.Date && run.Started >= night.Opens && run.Ending is not null).ToArray();
        if (last is { NothingToDo: true } && runs.Any(run => run.Run != last.Run))
            return null;
        RunCounts[] counts = [.. runs.Select(run => run.Ending!.Counts)];
        return new NightReport
        {
            Job = job,
            Night = night.Date,
            End = last?.End ?? RunEnd.Failed,
            Reason = last is null ? reason : last.Reason,
            Counts = new RunCounts
            {
                Listed = last?.Counts.Listed ?? 0,
                Completed = counts.Sum(one => one.Completed),
                Partial = counts.Sum(one => one.Partial),
                Failed = counts.Sum(one => one.Failed),
                Temporary = last?.Counts.Temporary ?? 0,
                Tokens = counts.Sum(one => one.Tokens),
            },
            Remaining = last?.Remaining,
            Failures = await FailureReasons.CountAsync(FailuresAsync(ledger, runs, last)),
            Folder = last?.Folder is { } folder && output is not null ? $"{output.TrimEnd('/')}/{folder}" : null,
        };
    }

    public string Subject => string.Create(CultureInfo.InvariantCulture, $"[BatchInference] {Job}, night of {Night:yyyy-MM-dd}: {Ended}{(HasProblems && End == RunEnd.Complete ? ", with failures" : "")}");

    /// <summary>For people, as plain text: whatever stands in names and reasons, each is one line and no markup.</summary>
    public string ToText(string machine)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"The night of {Night:yyyy-MM-dd} of the job {Job} on {OneLine(machine)}: {Ended}.\n");
        if (Reason is not null)
            text.Append(CultureInfo.InvariantCulture, $"Reason: {OneLine(Reason)}\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{Counts.Completed,10}  completed\n{Counts.Partial,10}  partial\n{Counts.Failed,10}  failed\n{Counts.Temporary,10}  to be tried again\n");
        if (Remaining is { } remaining)
            text.Append(CultureInfo.InvariantCulture, $"{remaining,10}  remaining\n");
        if (Failures.Count > 0)
            text.Append("\nFailures by reason:\n");
        foreach (var one in Failures.Take(MostReasons))
            text.Append(CultureInfo.InvariantCulture, $"{one.Documents,10}  {OneLine(one.Stage)}: {Told(one.Reason)}{(one.Permanent ? "" : " (tried again)")}\n");
        if (Failures.Count > MostReasons)
            text.Append(CultureInfo.InvariantCulture, $"            and {Failures.Count - MostReasons} other reasons\n");
        if (Failures.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"The documents: batch-inference failures {Job}\n");
        if (Folder is not null)
            text.Append(CultureInfo.InvariantCulture, $"\nReport: {OneLine(Folder)}\n");
        return text.ToString();
    }

    /// <summary>For programs; <c>text</c> is what chats show.</summary>
    public JsonObject ToJson(string machine) => new()
    {
        ["text"] = string.Create(CultureInfo.InvariantCulture, $"{Job}, night of {Night:yyyy-MM-dd}: {Ended}; {Counts.Completed} completed, {Counts.Partial} partial, {Counts.Failed} failed, {Counts.Temporary} to be tried again"),
        ["job"] = Job,
        ["night"] = Night.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["machine"] = machine,
        ["end"] = End.ToString().ToLowerInvariant(),
        ["reason"] = Reason is null ? null : OneLine(Reason),
        ["problems"] = HasProblems,
        ["completed"] = Counts.Completed,
        ["partial"] = Counts.Partial,
        ["failed"] = Counts.Failed,
        ["toBeTriedAgain"] = Counts.Temporary,
        ["remaining"] = Remaining,
        ["failures"] = new JsonArray([.. Failures.Take(MostReasons).Select(one => new JsonObject { ["stage"] = one.Stage, ["reason"] = Told(one.Reason), ["documents"] = one.Documents, ["permanent"] = one.Permanent })]),
        ["report"] = Folder,
    };

    private string Ended => End switch { RunEnd.Complete => "complete", RunEnd.Stopped => "stopped in good order, the next night goes on", _ => "could not go on" };

    // What a library said of a document may quote it, and a mail leaves the machine: the kind of failure is enough, the rest stands in the results.
    private static string Told(string reason) => OneLine(reason.IndexOf(" failed: ", StringComparison.Ordinal) is > 0 and var at ? $"{reason[..at]} failed." : reason);

    private static string OneLine(string text)
    {
        var line = string.Concat(text.Select(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? ' ' : letter)).Trim();
        return line.Length <= LongestLine ? line : $"{line[..LongestLine]}…";
    }

    // Temporary ones of earlier runs were tried again by the last.
    private static async IAsyncEnumerable<FailureRecord> FailuresAsync(Ledger ledger, IEnumerable<RunRecord> runs, RunReport? last)
    {
        foreach (var run in runs)
            await foreach (var failure in ledger.FailuresOfAsync(run.Run, CancellationToken.None))
                if (failure.Failure.Permanent || run.Run == last?.Run)
                    yield return failure;
    }
}
