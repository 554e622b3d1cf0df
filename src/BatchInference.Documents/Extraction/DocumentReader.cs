using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>Opens a document, finds its type by content, gets its text and its language. Thread-safe.</summary>
public sealed class DocumentReader
{
    // Grows when the detection of types or languages, or the form of the text, changes.
    private const int Revision = 1;

    private readonly Dictionary<string, TextExtractor> extractors;
    private readonly ExtractionLimits limits;
    private readonly TimeProvider time;

    /// <param name="extractors">One for each type that is read.</param>
    /// <param name="limits">What a document may cost.</param>
    /// <param name="time">The clock of the time limit.</param>
    public DocumentReader(IReadOnlyList<TextExtractor> extractors, ExtractionLimits limits, TimeProvider time)
    {
        this.extractors = extractors.SelectMany(extractor => extractor.MediaTypes.Select(type => (type, extractor))).ToDictionary(pair => pair.type, pair => pair.extractor, StringComparer.Ordinal);
        this.limits = limits;
        this.time = time;
        var what = string.Join('\n', this.extractors.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value.Revision}"))
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"{Revision} {limits.Bytes} {limits.Characters} {limits.Pages} {limits.Time.TotalSeconds}")));
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)));
    }

    /// <summary>SHA-256 over all that decides whether a document has a text: a permanent failure under another one is tried again.</summary>
    public string Fingerprint { get; }

    /// <summary>A reader of all formats that the program knows.</summary>
    public static DocumentReader Standard(ExtractionLimits limits, TimeProvider time) =>
        new([new PlainTextExtractor(), new HtmlExtractor(), new PdfExtractor(), new WordExtractor(), new OpenDocumentExtractor(), new MailExtractor()], limits, time);

    /// <summary>Reads a document. Whatever is wrong with it is in the result.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> asked.</exception>
    public async Task<DocumentReading> ReadAsync(Document document, CancellationToken cancellationToken)
    {
        using var timed = new CancellationTokenSource(limits.Time, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timed.Token);
        DocumentContent? content = null;
        try
        {
            content = await DocumentContent.ReadAsync(document, limits, both.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            return new DocumentReading { Failure = FailureReasons.Reading(error, limits) };
        }

        // The extractor may outlive its time; what it reads from is released when it ends.
        var type = "";
        var extraction = Task.Run(() => { using (content) return Extract(document, content, found => type = found, both.Token); }, CancellationToken.None);
        try
        {
            var text = await extraction.WaitAsync(both.Token);
            return new DocumentReading { Sha256 = content.Sha256, Bytes = content.Length, MediaType = text.MediaType, Text = text };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            return new DocumentReading { Sha256 = content.Sha256, Bytes = content.Length, MediaType = type.Length == 0 ? null : type, Failure = FailureReasons.Extraction(error, type, limits) };
        }
    }

    private ExtractedText Extract(Document document, DocumentContent content, Action<string> found, CancellationToken cancellationToken)
    {
        if (content.Length == 0) throw new DocumentException("The document is empty (0 bytes).", permanent: true);
        var type = MediaTypes.Detect(content.Stream, document.Id.Path);
        found(type);
        if (!extractors.TryGetValue(type, out var extractor)) throw new DocumentException(FailureReasons.Unread(type, document.Id.Path), permanent: true);
        content.Stream.Position = 0;
        var text = extractor.Extract(content.Stream, type, limits, cancellationToken);
        if (string.IsNullOrWhiteSpace(text.Text)) throw new DocumentException("The document holds no text: only blanks.", permanent: true);
        return text with { Language = text.Language ?? LanguageDetector.Detect(text.Text) };
    }
}
