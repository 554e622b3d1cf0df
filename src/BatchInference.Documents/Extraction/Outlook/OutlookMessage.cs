using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using MimeKit;
using MimeKit.Tnef;

namespace BatchInference.Documents.Extraction.Outlook;

/// <summary>
/// An e-mail, appointment or note as Outlook saves it ([MS-OXMSG], .msg), made into the e-mail that it was: a compound file with a stream for each property of variable length, and one stream with all others.
/// Bodies of RTF alone ([MS-OXRTFCP]) become plain text. Contents of attachments stay in the file.
/// </summary>
internal sealed class OutlookMessage
{
    private const int LongestName = 64 * 1024;

    private readonly CompoundFile file;
    private readonly ExtractionLimits limits;
    private readonly bool withText;
    private readonly CancellationToken cancellationToken;

    private OutlookMessage(CompoundFile file, ExtractionLimits limits, bool withText, CancellationToken cancellationToken) =>
        (this.file, this.limits, this.withText, this.cancellationToken) = (file, limits, withText, cancellationToken);

    /// <summary>Reads a message.</summary>
    /// <param name="content">Seekable; stays the caller's, and is read while the message is.</param>
    /// <param name="limits">What its RTF may cost.</param>
    /// <param name="withText">False to leave out the message's own text, but not those of messages in it.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="DocumentException">It is damaged, or none. An attachment that is tells so when it is read.</exception>
    public static MimeMessage Read(Stream content, ExtractionLimits limits, bool withText, CancellationToken cancellationToken)
    {
        var file = CompoundFile.Open(content);
        var message = new OutlookMessage(file, limits, withText, cancellationToken).Message(file.Root, depth: 0);
        RepeatableMail.Make(message);
        return message;
    }

    private MimeMessage Message(CompoundStorage storage, int depth)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var properties = new OutlookProperties(file, storage, depth == 0 ? OutlookProperties.OfMessage : OutlookProperties.OfInnerMessage, null);
        var message = new MimeMessage { Subject = Line(properties.Text(PropertyId.Subject)) ?? "" };
        if (Sender(properties) is { } sender) message.From.Add(sender);
        AddRecipients(message, storage, properties.Encoding);
        if (Sent(properties) is { } sent) message.Date = sent;
        else message.Headers.Remove(HeaderId.Date);

        var parts = new Multipart("mixed") { withText || depth > 0 ? Text(properties) : new TextPart("plain") { Text = "" } };
        foreach (var (attachment, number) in storage.Storages.Where(inner => inner.Name.StartsWith("__attach_version1.0_", StringComparison.OrdinalIgnoreCase)).Select((inner, index) => (inner, index + 1)))
        {
            try
            {
                parts.Add(Attachment(attachment, properties, depth));
            }
            catch (DocumentException error)
            {
                // It is one of several, and the only one that fails.
                parts.Add(new MimePart { FileName = string.Create(CultureInfo.InvariantCulture, $"attachment {number}"), Content = new MimeContent(new StreamOnDemand(0, () => throw error)) });
            }
        }

        message.Body = Unpacked(properties, parts) ?? parts;
        return message;
    }

    private MimeEntity Text(OutlookProperties properties)
    {
        var html = properties.Bytes(PropertyId.Html) is { Length: > 0 } bytes ? Html(bytes, properties) : properties.Text(PropertyId.Html) is { Length: > 0 } text ? new TextPart("html") { Text = text } : null;
        var plain = properties.Text(PropertyId.Body);
        if (html is null && string.IsNullOrWhiteSpace(plain)) plain = Rtf(properties);
        if (html is null) return new TextPart("plain") { Text = plain ?? "" };
        return plain is null ? html : new MultipartAlternative(new TextPart("plain") { Text = plain }, html);
    }

    // A signed e-mail is packed as it was sent, whole, in an attachment; one that is sealed, too ([MS-OXOSMIME] 2.1).
    private static Multipart? Unpacked(OutlookProperties properties, Multipart parts)
    {
        if (properties.Text(PropertyId.MessageClass) is not { } kind || parts.OfType<MimePart>().LastOrDefault(part => part.IsAttachment) is not { Content: { } content } packed) return null;
        if (kind.EndsWith(".SMIME", StringComparison.OrdinalIgnoreCase)) (packed.ContentType.MediaType, packed.ContentType.MediaSubtype) = ("application", "pkcs7-mime");
        if (!kind.EndsWith(".SMIME.MultipartSigned", StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            using var stream = content.Open();
            return MimeEntity.Load(new ParserOptions { MaxMimeDepth = MailExtractor.DeepestNesting }, stream) is Multipart { Count: > 0 } signed ? signed : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private MimeEntity Attachment(CompoundStorage storage, OutlookProperties message, int depth)
    {
        var properties = new OutlookProperties(file, storage, OutlookProperties.OfPart, message.Encoding);
        var name = Line(properties.Text(PropertyId.LongFileName) ?? properties.Text(PropertyId.FileName) ?? properties.Text(PropertyId.DisplayName));
        if (depth < MailExtractor.DeepestNesting / 2 && storage.Storage("__substg1.0_3701000D") is { } inner && inner.Has(OutlookProperties.Stream))
            return new MessagePart { Message = Message(inner, depth + 1), ContentDisposition = new ContentDisposition(ContentDisposition.Attachment) { FileName = name is null ? null : $"{name}.eml".Replace('/', '-') } };
        var type = ContentType.TryParse(properties.Text(PropertyId.MimeType) ?? "", out var told) ? told : new ContentType("application", "octet-stream");
        // What it holds is kept as it is, whatever it is.
        if (type.MediaType is "message" or "multipart") type.MediaType = "text";
        var shown = (properties.Number(PropertyId.Flags) & 4) != 0 || properties.Number(PropertyId.Hidden) is 1;
        var part = new MimePart(type) { ContentDisposition = new ContentDisposition(shown && type.IsMimeType("image", "*") ? ContentDisposition.Inline : ContentDisposition.Attachment), FileName = name };
        // Only that the text can show it counts, not by which name.
        if (properties.Text(PropertyId.ContentId) is { Length: > 0 }) part.ContentId = "shown@message";
        // Without content here: it was left at another place, or is an object that only its program can show. Its name still tells of it.
        if (storage.Stream("__substg1.0_37010102") is { } data) part.Content = new MimeContent(file.Open(data));
        return part;
    }

    // In one go: a list of addresses is written into its header at each change.
    private void AddRecipients(MimeMessage message, CompoundStorage storage, Encoding encoding)
    {
        var (to, cc, bcc) = (new List<InternetAddress>(), new List<InternetAddress>(), new List<InternetAddress>());
        foreach (var inner in storage.Storages.Where(inner => inner.Name.StartsWith("__recip_version1.0_", StringComparison.OrdinalIgnoreCase)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var recipient = new OutlookProperties(file, inner, OutlookProperties.OfPart, encoding);
                if (Address(recipient.Text(PropertyId.DisplayName), recipient.Text(PropertyId.SmtpAddress), recipient.Text(PropertyId.EmailAddress)) is not { } address) continue;
                // The upper bits say how it was sent ([MS-OXOMSG] 2.2.3.1).
                ((recipient.Number(PropertyId.RecipientType) & 0xF) switch { 2 => cc, 3 => bcc, _ => to }).Add(address);
            }
            catch (DocumentException)
            {
                // The message says what it says without the name of this one.
            }
        }

        message.To.AddRange(to);
        message.Cc.AddRange(cc);
        message.Bcc.AddRange(bcc);
    }

    private static MailboxAddress? Sender(OutlookProperties message) =>
        Address(message.Text(PropertyId.RepresentedName), message.Text(PropertyId.RepresentedSmtpAddress), message.Text(PropertyId.RepresentedAddress)) is { Address.Length: > 0 } represented
            ? represented
            : Address(message.Text(PropertyId.SenderName), message.Text(PropertyId.SenderSmtpAddress), message.Text(PropertyId.SenderAddress))
                ?? Address(message.Text(PropertyId.RepresentedName), null, null);

    // Inside a house an address is a path of its directory, which tells nobody anything: then the name stands alone.
    private static MailboxAddress? Address(string? name, string? smtp, string? other)
    {
        var shown = Line(name)?.Trim('\'', ' ');
        var address = Line(new[] { smtp, other, shown }.FirstOrDefault(one => one?.Contains('@', StringComparison.Ordinal) == true && !one.Contains(' ', StringComparison.Ordinal))) ?? "";
        if (address.Length == 0 && string.IsNullOrEmpty(shown)) return null;
        try
        {
            return new MailboxAddress(shown == address ? null : shown, address);
        }
        catch (FormatException)
        {
            // Whatever it is, it was written there.
            return new MailboxAddress(string.IsNullOrEmpty(shown) || shown == address ? address : $"{shown} {address}", "");
        }
    }

    // The headers that it came with know the sender's time zone.
    private static DateTimeOffset? Sent(OutlookProperties message)
    {
        if (message.Text(PropertyId.TransportHeaders) is { Length: > 0 } headers)
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(headers));
            try
            {
                if (HeaderList.Load(stream)[HeaderId.Date] is { } date && MimeKit.Utils.DateUtils.TryParse(date, out var parsed)) return parsed;
            }
            catch (FormatException)
            {
                // Whoever wrote them: the properties know, too.
            }
        }

        return message.Time(PropertyId.Submitted) ?? message.Time(PropertyId.Delivered);
    }

    private static TextPart Html(byte[] bytes, OutlookProperties message)
    {
        var page = message.Number(PropertyId.InternetCodePage) is { } number ? TextEncodings.OfCodePage(number) : null;
        return new TextPart("html") { Text = page is null ? TextEncodings.Decode(bytes) : page.GetString(bytes) };
    }

    private string? Rtf(OutlookProperties message)
    {
        if (message.Bytes(PropertyId.CompressedRtf) is not { Length: > 16 } compressed) return null;
        // Its head says its own length and that of what comes out ([MS-OXRTFCP] 2.1.3.1): what would cost memory is not believed. Eight references of two bytes and their flags, 17 bytes, give 136 at most.
        BinaryPrimitives.WriteUInt32LittleEndian(compressed, (uint)compressed.Length - 4);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(compressed.AsSpan(4));
        if (length > 8L * compressed.Length) throw new DocumentException("The text of the e-mail is damaged: it cannot be as long as it says.", permanent: true);
        if (length > limits.Bytes) throw new DocumentException("The text of the e-mail is longer than the limit of the configuration (Limits:Megabytes).", permanent: true);
        var rtf = new RtfCompressedToRtf().Flush(compressed, 0, compressed.Length, out var start, out var written);
        using var stream = new MemoryStream(rtf, start, written);
        return new RtfExtractor().Extract(stream, MediaTypes.Rtf, limits, cancellationToken).Text;
    }

    // A line end in a header would begin another one.
    private static string? Line(string? text) => string.IsNullOrWhiteSpace(text) ? null : text[..Math.Min(text.Length, LongestName)].ReplaceLineEndings(" ").Replace('\0', ' ').Trim();

    /// <summary>Numbers of properties ([MS-OXPROPS]).</summary>
    private static class PropertyId
    {
        public const ushort MessageClass = 0x001A, Subject = 0x0037, Submitted = 0x0039, RepresentedName = 0x0042, RepresentedAddress = 0x0065, TransportHeaders = 0x007D;
        public const ushort RecipientType = 0x0C15, SenderName = 0x0C1A, SenderAddress = 0x0C1F, Delivered = 0x0E06, Body = 0x1000, CompressedRtf = 0x1009, Html = 0x1013;
        public const ushort DisplayName = 0x3001, EmailAddress = 0x3003, FileName = 0x3704, LongFileName = 0x3707, MimeType = 0x370E, ContentId = 0x3712, Flags = 0x3714, SmtpAddress = 0x39FE;
        public const ushort InternetCodePage = 0x3FDE, SenderSmtpAddress = 0x5D01, RepresentedSmtpAddress = 0x5D02, Hidden = 0x7FFE;
    }
}
