using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Extraction;

/// <summary>Opens a document, finds its type by content, gets its text and its language, and those of the documents inside it. Thread-safe.</summary>
public abstract class DocumentReader
{
    /// <summary>SHA-256 over all that decides whether a document has a text: a permanent failure under another one is tried again.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>A reader of all formats that the program knows, in this process.</summary>
    /// <param name="limits">What a document may cost.</param>
    /// <param name="time">The clock of the time limit.</param>
    /// <param name="fields">Where the job's records have their texts; null for where they usually are.</param>
    /// <param name="tools">What reads scanned pages; null for nothing.</param>
    public static LocalDocumentReader Standard(ExtractionLimits limits, TimeProvider time, ContentFields? fields = null, OcrTools? tools = null)
    {
        fields ??= new ContentFields();
        return new LocalDocumentReader(
            [
                new PlainTextExtractor(), new HtmlExtractor(), new PdfExtractor(), new ImageExtractor(), new WordExtractor(), new SpreadsheetExtractor(), new PresentationExtractor(), new LegacyOfficeExtractor(), new OpenDocumentExtractor(), new OpenSpreadsheetExtractor(),
                new RtfExtractor(), new EpubExtractor(), new MailExtractor(), new CsvExtractor(), new XmlExtractor(), new JsonExtractor(fields),
            ],
            [new ArchiveOpener(), new CompressedOpener(), new MailOpener(), new MailboxOpener(), new JsonLinesOpener(fields), new ParquetOpener(fields)],
            tools ?? OcrTools.None, limits, time);
    }

    /// <summary>Reads a document and the documents inside it, one after the other. Whatever is wrong with one is in its reading.</summary>
    /// <param name="document">The listed document.</param>
    /// <param name="isKnown">Asked with the SHA-256 of its content; true ends the reading there.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>At least one reading; no two have the same <see cref="DocumentReading.Member"/>.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> asked.</exception>
    public abstract IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, CancellationToken cancellationToken);
}
