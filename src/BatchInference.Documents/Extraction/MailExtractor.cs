using System.Globalization;
using BatchInference.Documents.Extraction.Outlook;
using MimeKit;
using MimeKit.Tnef;

namespace BatchInference.Documents.Extraction;

/// <summary>An e-mail: who wrote what to whom and when, then its text; the names of its attachments at the end.</summary>
internal sealed class MailExtractor : TextExtractor
{
    /// <summary>Parts in parts: two for each e-mail in an e-mail, and more of them than the configuration lets be opened (Limits:Depth, 50 at most), so that it is said where the reading stops.</summary>
    internal const int DeepestNesting = 120;

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Mail, Extraction.MediaTypes.OutlookMail];

    public override int Revision => 3;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var mail = Parse(content, mediaType, limits, withText: true, cancellationToken);
        var text = new TextBuilder(limits);
        Header(text, "Subject", mail.Subject);
        Header(text, "From", Shown(mail.From));
        Header(text, "To", Shown(mail.To));
        Header(text, "Cc", Shown(mail.Cc));
        if (mail.Headers.Contains(HeaderId.Date)) Header(text, "Date", mail.Date.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture));
        text.EndParagraph();

        // What Outlook packs into a winmail.dat has the text, too.
        using var unpacked = mail.TextBody is null && mail.HtmlBody is null ? mail.BodyParts.OfType<TnefPart>().FirstOrDefault()?.ConvertToMessage() : null;
        var plain = (unpacked ?? mail).GetTextBody(MimeKit.Text.TextFormat.Plain);
        var html = (unpacked ?? mail).HtmlBody;
        // Some mailers send an empty plain part beside the real one.
        if (html is not null && (plain is null || plain.Trim().Length < 20)) HtmlExtractor.Append(html, text, withTitle: false, cancellationToken);
        else text.AppendLines(plain);
        text.EndParagraph();

        var attachments = mail.Attachments.Select(NameOf).OfType<string>().ToArray();
        if (attachments.Length > 0) text.Append($"Attachments: {string.Join(", ", attachments)}");
        return text.Build(mediaType).With(Metadata(mail));
    }

    /// <summary>The name that an attachment bears; null when it bears none.</summary>
    internal static string? NameOf(MimeEntity part) => (part.ContentDisposition?.FileName ?? part.ContentType.Name) is { } name && !string.IsNullOrWhiteSpace(name) ? name : null;

    /// <summary>The parts of a mail, of either format; contents stay in the stream.</summary>
    /// <param name="content">The whole of it.</param>
    /// <param name="mediaType">The format.</param>
    /// <param name="limits">What its text may cost.</param>
    /// <param name="withText">False where only what is attached is wanted, and a text that cannot be read is no matter.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="DocumentException">It is none.</exception>
    internal static MimeMessage Parse(Stream content, string mediaType, ExtractionLimits limits, bool withText, CancellationToken cancellationToken)
    {
        if (mediaType == Extraction.MediaTypes.OutlookMail) return OutlookMessage.Read(content, limits, withText, cancellationToken);
        try
        {
            var options = new ParserOptions { MaxMimeDepth = DeepestNesting, CharsetEncoding = System.Text.Encoding.UTF8 };
            return MimeMessage.Load(options, content, persistent: true, cancellationToken);
        }
        catch (FormatException error)
        {
            throw new DocumentException($"The e-mail is damaged: {error.Message}", permanent: true, error);
        }
    }

    // Who has a name and no address is shown by the name.
    private static string Shown(InternetAddressList addresses) => addresses.ToString().Replace(" <>", "", StringComparison.Ordinal);

    private static Dictionary<string, string> Metadata(MimeMessage mail)
    {
        var said = new[] { ("title", mail.Subject), ("author", Shown(mail.From)), ("created", mail.Headers.Contains(HeaderId.Date) ? mail.Date.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture) : null) };
        return said.Where(pair => !string.IsNullOrWhiteSpace(pair.Item2)).ToDictionary(pair => pair.Item1, pair => pair.Item2!.Trim(), StringComparer.Ordinal);
    }

    private static void Header(TextBuilder text, string name, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return;
        text.Append($"{name}: {value}");
        text.EndLine();
    }
}
