using BatchInference.Documents.Extraction;
using BatchInference.Models.Tasks;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>Puts together what became of a document: DocumentInHand → DocumentOutcome.</summary>
internal sealed class DocumentAssembler(RunPlan plan, TimeProvider time)
{
    public DocumentOutcome Assemble(DocumentInHand hand)
    {
        if (hand.Unchanged)
            return Outcome(hand, OutcomeKind.Unchanged);
        if (hand.Failure is { } failure)
            return Failed(hand, failure, []);
        try
        {
            return Answered(hand);
        }
        catch (Exception exception)
        {
            return Failed(hand, Failures.Of("assemble", exception), []);
        }
    }

    private DocumentOutcome Answered(DocumentInHand hand)
    {
        var text = hand.Reading.Text ?? throw new InvalidOperationException("A document without text came to be assembled.");
        var predictions = hand.Shares.SelectMany(share => share.Pass.Assemble(share.Split, share.Whole())).ToDictionary(prediction => prediction.Task, StringComparer.Ordinal);
        // One prediction for each task, in the order of the job.
        var ordered = (plan.TaskOrder ?? plan.Passes.SelectMany(pass => pass.Tasks).Select(task => task.Name)).Select(task => predictions[task]).ToArray();

        var failures = ordered.OfType<FailedPrediction>().ToArray();
        if (failures.FirstOrDefault(one => !one.Permanent) is { } temporary)
            return Failed(hand, new DocumentFailure("infer", temporary.Reason, Permanent: false), []);

        TaskResult[] results = [.. ordered.Select(prediction => Result(prediction, text))];
        if (failures.Length == ordered.Length)
            return Failed(hand, new DocumentFailure("infer", string.Join(' ', failures.Select(one => one.Reason).Distinct(StringComparer.Ordinal)), Permanent: true), results);

        var partial = failures.Length > 0;
        return Outcome(hand, partial ? OutcomeKind.Partial : OutcomeKind.Completed) with
        {
            Row = Row(hand, partial ? RowStatus.Partial : RowStatus.Completed) with { Results = results },
            Text = plan.Formats.Text ? text.Text : null,
        };
    }

    private DocumentOutcome Failed(DocumentInHand hand, DocumentFailure failure, IReadOnlyList<TaskResult> results) =>
        Outcome(hand, failure.Permanent ? OutcomeKind.Failed : OutcomeKind.Temporary) with
        {
            Failure = failure,
            Row = failure.Permanent ? Row(hand, RowStatus.Failed) with { Error = failure, Results = results } : null,
        };

    private static DocumentOutcome Outcome(DocumentInHand hand, OutcomeKind kind) =>
        new(hand.Path, hand.Pending.Document.Id.Version, kind) { Sha256 = hand.Reading.Sha256 };

    private ResultRow Row(DocumentInHand hand, RowStatus status)
    {
        var text = hand.Reading.Text;
        return new ResultRow
        {
            Document = hand.Path,
            Version = RowVersion.Of(hand.Pending.Document.Id.Version, hand.Reading.Sha256, plan.VersionsAreTags),
            Sha256 = hand.Reading.Sha256,
            MediaType = hand.Reading.MediaType ?? text?.MediaType,
            Language = text?.Language,
            Pages = text is { Pages.Count: > 0 } ? text.Pages.Count : null,
            Scanned = text?.Scanned ?? [],
            Characters = text is null ? null : CodePoints(text.Text),
            TokensTotal = hand.Shares.Count == 0 ? null : hand.Shares[0].Split.TotalTokens,
            TokensRead = hand.Shares.Count == 0 ? null : status == RowStatus.Failed ? 0 : hand.Shares[0].Split.ReadTokens,
            Status = status,
            Metadata = Metadata(hand.Reading),
            Run = plan.Run.ToString(),
            ProcessedAt = Milliseconds(time.GetUtcNow()),
        };
    }

    // What a line holds: a row that is read back from it, for the file of another format or after a kill, says no other time than the one that never was.
    private static DateTimeOffset Milliseconds(DateTimeOffset moment) => moment.AddTicks(-(moment.Ticks % TimeSpan.TicksPerMillisecond));

    // Identifiers tell which record a row is; titles and authors are personal data that a job asks for.
    private IReadOnlyDictionary<string, string> Metadata(DocumentReading reading) => plan.Formats.Metadata && reading.Text is { Metadata.Count: > 0 } text
        ? text.Metadata.Concat(reading.Identifiers).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => pair.Last().Value, StringComparer.Ordinal)
        : reading.Identifiers;

    private static TaskResult Result(Prediction prediction, Documents.Extraction.ExtractedText text) => prediction switch
    {
        LabelPrediction label => new TaskResult { Task = label.Task, Model = label.Model, Label = label.Label, Score = label.Score, Scores = label.Scores, Labels = label.Holding, Basis = label.Basis, Method = label.Method },
        SummaryPrediction summary => Summary(summary, text),
        FailedPrediction failed => new TaskResult { Task = failed.Task, Model = failed.Model, Error = failed.Reason, Reasoning = failed.Reasoning },
        _ => throw new InvalidOperationException($"Nothing is known of writing a {prediction.GetType().Name}."),
    };

    private static TaskResult Summary(SummaryPrediction summary, Documents.Extraction.ExtractedText text)
    {
        var quotes = new List<Quote>(summary.Quotes.Count);
        var (counted, points) = (0, 0L);
        foreach (var range in summary.Quotes.OrderBy(range => range.Start))
        {
            points += CodePoints(text.Text.AsSpan(counted, range.Start - counted));
            counted = range.Start;
            quotes.Add(new Quote(points, CodePoints(range.Of(text.Text)), text.PageAt(range.Start), range.Of(text.Text).ToString()));
        }

        return new TaskResult
        {
            Task = summary.Task,
            Model = summary.Model,
            // Of an extractive summary the text is made here from the very quotes, so that both always agree.
            Text = quotes.Count > 0 ? string.Join(' ', quotes.Select(quote => quote.Text)) : summary.Text,
            Quotes = quotes,
            Method = summary.Method,
            Reasoning = summary.Reasoning,
        };
    }

    // Extracted texts have no lone surrogates, so each low one is the second half of a code point.
    private static long CodePoints(ReadOnlySpan<char> text)
    {
        var points = (long)text.Length;
        foreach (var unit in text)
            if (char.IsLowSurrogate(unit))
                points--;
        return points;
    }
}

/// <summary>What a row calls the version: an ETag as it is; size and time of a file completed by the beginning of its hash.</summary>
internal static class RowVersion
{
    private const int HashDigits = 16;

    public static string Of(string listed, string? sha256, bool isTag) => isTag || sha256 is null ? listed : $"{listed}-{sha256[..HashDigits]}";

    /// <summary>The listed version again.</summary>
    public static string Listed(string version, string? sha256, bool isTag) =>
        !isTag && sha256 is not null && version.EndsWith($"-{sha256[..HashDigits]}", StringComparison.Ordinal) ? version[..^(HashDigits + 1)] : version;
}
