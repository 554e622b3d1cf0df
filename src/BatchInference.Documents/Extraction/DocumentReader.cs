using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using BatchInference.Documents.Containers;

namespace BatchInference.Documents.Extraction;

/// <summary>Opens a document, finds its type by content, gets its text and its language, and those of the documents inside it. Thread-safe.</summary>
public sealed class DocumentReader
{
    private readonly ContentReader contents;
    private readonly ExtractionLimits limits;
    private readonly TimeProvider time;

    /// <param name="extractors">One for each type that has a text.</param>
    /// <param name="openers">One for each type that holds documents.</param>
    /// <param name="limits">What a document may cost.</param>
    /// <param name="time">The clock of the time limit.</param>
    public DocumentReader(IReadOnlyList<TextExtractor> extractors, IReadOnlyList<ContainerOpener> openers, ExtractionLimits limits, TimeProvider time)
    {
        contents = new ContentReader(extractors, openers, limits);
        this.limits = limits;
        this.time = time;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(contents.Description)));
    }

    /// <summary>SHA-256 over all that decides whether a document has a text: a permanent failure under another one is tried again.</summary>
    public string Fingerprint { get; }

    /// <summary>A reader of all formats that the program knows.</summary>
    /// <param name="limits">What a document may cost.</param>
    /// <param name="time">The clock of the time limit.</param>
    /// <param name="fields">Where the job's records have their texts; null for where they usually are.</param>
    public static DocumentReader Standard(ExtractionLimits limits, TimeProvider time, ContentFields? fields = null)
    {
        fields ??= new ContentFields();
        return new DocumentReader(
            [
                new PlainTextExtractor(), new HtmlExtractor(), new PdfExtractor(), new WordExtractor(), new SpreadsheetExtractor(), new PresentationExtractor(), new LegacyOfficeExtractor(), new OpenDocumentExtractor(), new OpenSpreadsheetExtractor(),
                new RtfExtractor(), new EpubExtractor(), new MailExtractor(), new CsvExtractor(), new XmlExtractor(), new JsonExtractor(fields),
            ],
            [new ArchiveOpener(), new CompressedOpener(), new MailOpener(), new MailboxOpener(), new JsonLinesOpener(fields), new ParquetOpener(fields)],
            limits, time);
    }

    /// <summary>Reads a document and the documents inside it, one after the other. Whatever is wrong with one is in its reading.</summary>
    /// <param name="document">The listed document.</param>
    /// <param name="isKnown">Asked with the SHA-256 of its content; true ends the reading there.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>At least one reading; no two have the same <see cref="DocumentReading.Member"/>.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> asked.</exception>
    public async IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Its time begins anew with each member.
        using var timed = new CancellationTokenSource(limits.Time, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timed.Token);
        var (content, unopened) = await OpenAsync(document, both.Token, cancellationToken);
        if (content is null)
        {
            yield return unopened!;
            yield break;
        }

        var readings = contents.Read(content, document.Id.Path, both.Token).GetEnumerator();
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
                timed.CancelAfter(limits.Time);
                next = Task.Run(() => readings.MoveNext() ? readings.Current : null, CancellationToken.None);
                var (reading, failed) = await NextAsync(next, both.Token, cancellationToken);
                if (reading is null && failed is null) yield break;
                reading ??= new DocumentReading { Member = hasOwn ? "!/*" : null, Sha256 = content.Sha256, ListedSha256 = content.Sha256, Bytes = content.Length, Failure = failed };
                hasOwn |= reading.Member is null;
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
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
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
