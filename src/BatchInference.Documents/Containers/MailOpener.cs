using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using BatchInference.Documents.Extraction;
using MimeKit;
using MimeKit.Tnef;

namespace BatchInference.Documents.Containers;

/// <summary>The attachments of an e-mail: files, e-mails, what Outlook packs into a <c>winmail.dat</c>, and what a signature encloses (S/MIME, RFC 8551); pictures that its text shows and mere signatures are left out.</summary>
internal sealed class MailOpener : ContainerOpener
{
    private const string Sealed = ".p7m";

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Mail, Extraction.MediaTypes.OutlookMail];

    public override int Revision => 2;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        using var mail = MailExtractor.Parse(content, source.MediaType, source.Limits, withText: false, cancellationToken);
        foreach (var part in mail.BodyParts.Where(part => part != mail.Body || part is not TextPart || part.IsAttachment))
        {
            if (part is TnefPart packed)
            {
                foreach (var inner in packed.ExtractAttachments().Where(inner => inner is not TextPart { IsAttachment: false }))
                {
                    if (inner is MessagePart { Message: { } message }) RepeatableMail.Make(message);
                    if (ToMember(inner) is { } member) yield return member;
                }
            }
            else if (IsDocument(part, isWhole: part == mail.Body) && ToMember(part) is { } member)
            {
                yield return member;
            }
        }
    }

    private static bool IsDocument(MimeEntity part, bool isWhole) =>
        part is MessagePart || IsSealed(part) ||
        (!Is(part, "pkcs7-signature", "x-pkcs7-signature", "pgp-signature") && (isWhole || part.IsAttachment || (part is MimePart { FileName.Length: > 0 } file && !(file.ContentId is not null && file.ContentType.IsMimeType("image", "*")))));

    private static bool IsSealed(MimeEntity part) => Is(part, "pkcs7-mime", "x-pkcs7-mime") || MailExtractor.NameOf(part)?.EndsWith(Sealed, StringComparison.OrdinalIgnoreCase) == true;

    private static bool Is(MimeEntity part, params ReadOnlySpan<string> subtypes)
    {
        foreach (var subtype in subtypes)
            if (part.ContentType.IsMimeType("application", subtype)) return true;
        return false;
    }

    private static Member? ToMember(MimeEntity part) => part switch
    {
        MessagePart { Message: { } message } => new Member(MailExtractor.NameOf(part) ?? $"{message.Subject ?? "message"}.eml".Replace('/', '-'), () => Written(stream => message.WriteTo(stream))) { MediaType = Extraction.MediaTypes.Mail },
        MimePart { Content: { } content } when IsSealed(part) => Unsealed(MailExtractor.NameOf(part) ?? "smime.p7m", content),
        MimePart { Content: { } content } file => new Member(MailExtractor.NameOf(file) ?? $"attachment.{file.ContentType.MediaSubtype}", () => content.Open()),
        _ => null,
    };

    // A signed file keeps its name and has the signature's behind it (contract.pdf.p7m); what has no other name is a signed e-mail.
    private static Member Unsealed(string name, IMimeContent content) =>
        name.EndsWith(Sealed, StringComparison.OrdinalIgnoreCase) && Path.HasExtension(name[..^Sealed.Length])
            ? new Member(name[..^Sealed.Length], () => Enclosed(content))
            : new Member(name, () => Enclosed(content)) { MediaType = Extraction.MediaTypes.Mail };

    // Whether the signature holds is not asked: it is the text that is read.
    private static MemoryStream Enclosed(IMimeContent content)
    {
        using var bytes = new MemoryStream();
        content.DecodeTo(bytes);
        var message = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        try
        {
            // A content's kind stands before it (RFC 5652, 3).
            switch (new AsnReader(message, AsnEncodingRules.BER).ReadSequence().ReadObjectIdentifier())
            {
                case "1.2.840.113549.1.7.2":
                    var signed = new SignedCms();
                    signed.Decode(message.Span);
                    return new MemoryStream(signed.ContentInfo.Content, writable: false);
                // Enveloped, encrypted and authenticated-enveloped data (RFC 5652, RFC 5083).
                case "1.2.840.113549.1.7.3" or "1.2.840.113549.1.7.6" or "1.2.840.113549.1.9.16.1.23":
                    throw new DocumentException("What the e-mail says is encrypted (S/MIME); only a recipient's key opens it.", permanent: true);
                case var other:
                    throw new DocumentException($"What the e-mail encloses is of a kind that is not read (S/MIME, {other}).", permanent: true);
            }
        }
        catch (Exception error) when (error is CryptographicException or AsnContentException)
        {
            throw new DocumentException($"What the e-mail encloses (S/MIME) is damaged: {error.Message}", permanent: true, error);
        }
    }

    private static MemoryStream Written(Action<Stream> write)
    {
        var stream = new MemoryStream();
        write(stream);
        stream.Position = 0;
        return stream;
    }
}
