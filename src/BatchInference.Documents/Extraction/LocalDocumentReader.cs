using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Extraction;

/// <summary>Reads in this process: what one document makes it do, all suffer.</summary>
public sealed class LocalDocumentReader : DocumentReader
{
    // A document that heeds its time ends by itself, and those behind it are read; only one that does not is left from here, and all behind it with it. In a process of its own the parent comes first: it ends the process, and another reads those behind.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly ContentReader contents;
    private readonly ExtractionLimits limits;
    private readonly TimeProvider time;

    /// <param name="extractors">One for each type that has a text.</param>
    /// <param name="openers">One for each type that holds documents.</param>
    /// <param name="tools">What reads scanned pages.</param>
    /// <param name="limits">What a document may cost.</param>
    /// <param name="time">The clock of the time limit.</param>
    public LocalDocumentReader(IReadOnlyList<TextExtractor> extractors, IReadOnlyList<ContainerOpener> openers, OcrTools tools, ExtractionLimits limits, TimeProvider time)
    {
        contents = new ContentReader(extractors, openers, new ScanReader(tools, time), limits, time);
        this.limits = limits;
        this.time = time;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(contents.Description)));
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, CancellationToken cancellationToken) => ReadAsync(document, isKnown, new ReadingSteps(), cancellationToken);

    /// <summary>Reads step by step.</summary>
    /// <param name="document">The listed document.</param>
    /// <param name="isKnown">As for the other.</param>
    /// <param name="steps">The document's own: which are taken, and who hears of them.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    internal async IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, ReadingSteps steps, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Its time begins anew with each step.
        using var timed = new CancellationTokenSource(limits.Time, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timed.Token);
        var (content, unopened) = await OpenAsync(document, both.Token, cancellationToken);
        if (content is null)
        {
            yield return unopened!;
            yield break;
        }

        steps.Begun += _ => timed.CancelAfter(limits.Time + Grace);
        steps.TimeGiven += more => timed.CancelAfter(limits.Time + more + Grace);
        var readings = contents.Read(content, document.Id.Path, steps, both.Token).GetEnumerator();
        var next = Task.FromResult<DocumentReading?>(null);
        try
        {
            if (isKnown(content.Sha256))
            {
                yield return new DocumentReading { Sha256 = content.Sha256, ListedSha256 = content.Sha256, Bytes = content.Length, Known = true };
                yield break;
            }

            for (var hasOwn = false; ;)
            {
                timed.CancelAfter(limits.Time + Grace);
                next = Task.Run(() => readings.MoveNext() ? readings.Current : null, CancellationToken.None);
                var (reading, failed) = await NextAsync(next, both.Token, cancellationToken);
                if (reading is null && failed is null) yield break;
                reading ??= new DocumentReading { Member = hasOwn ? MemberNames.OfTheRest : null, Sha256 = content.Sha256, ListedSha256 = content.Sha256, Bytes = content.Length, Failure = failed };
                hasOwn |= reading.Member is null;
                // What the caller does with a reading takes as long as it takes.
                timed.CancelAfter(Timeout.InfiniteTimeSpan);
                yield return reading;
                if (failed is not null) yield break;
            }
        }
        finally
        {
            // An extractor may outlive its time; what it reads from is released when it ends.
            _ = next.ContinueWith(
                _ =>
                {
                    readings.Dispose();
                    content.Dispose();
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<(DocumentContent? Content, DocumentReading? Unopened)> OpenAsync(Document document, CancellationToken limited, CancellationToken cancellationToken)
    {
        try
        {
            return (await DocumentContent.ReadAsync(document, limits, limited), null);
        }
        catch (Exception error) when (error is StorageUnavailableException || (error is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Neither is the document's failure; the caller may wait for the storage and read again.
            throw;
        }
        catch (Exception error)
        {
            return (null, new DocumentReading { Failure = FailureReasons.Reading(error, limits) });
        }
    }

    private async Task<(DocumentReading? Reading, DocumentFailure? Failure)> NextAsync(Task<DocumentReading?> next, CancellationToken limited, CancellationToken cancellationToken)
    {
        try
        {
            return (await next.WaitAsync(limited), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            return (null, FailureReasons.Extraction(error, "", limits));
        }
    }
}
