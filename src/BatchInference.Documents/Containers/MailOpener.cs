using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using BatchInference.Documents.Extraction;
using MimeKit;
using MimeKit.Tnef;

namespace BatchInference.Documents.Containers;

/// <summary>The attachments of an e-mail: files, e-mails, what Outlook packs into a <c>winmail.dat</c>, and what a signature encloses (S/MIME, RFC 8551); pictures that its text shows and mere signatures are left out.</summary>
internal sealed class MailOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Mail, Extraction.MediaTypes.OutlookMail];

    public override int Revision => 2;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        using var mail = MailExtractor.Parse(content, source.MediaType, source.Limits, cancellationToken);
        foreach (var part in mail.BodyParts.Where(part => part != mail.Body || part is MessagePart || part.IsAttachment))
        {
            if (part is TnefPart packed)
            {
                foreach (var inner in packed.ExtractAttachments().Where(inner => inner is not TextPart { IsAttachment: false }))
                    if (ToMember(inner) is { } member) yield return member;
            }
            else if (IsDocument(part) && ToMember(part) is { } member)
            {
                yield return member;
            }
        }
    }

    private static bool IsDocument(MimeEntity part) =>
        part is MessagePart || (!Is(part, "pkcs7-signature", "x-pkcs7-signature", "pgp-signature") && (part.IsAttachment || (part is MimePart { FileName.Length: > 0 } file && !(file.ContentId is not null && file.ContentType.IsMimeType("image", "*")))));

    private static bool Is(MimeEntity part, params ReadOnlySpan<string> subtypes)
    {
        foreach (var subtype in subtypes)
            if (part.ContentType.IsMimeType("application", subtype)) return true;
        return false;
    }

    private static Member? ToMember(MimeEntity part) => part switch
    {
        MessagePart { Message: { } message } => new Member(MailExtractor.NameOf(part) ?? $"{message.Subject ?? "message"}.eml".Replace('/', '-'), () => Written(stream => message.WriteTo(stream))) { MediaType = Extraction.MediaTypes.Mail },
        MimePart { Content: { } content } sealedPart when Is(part, "pkcs7-mime", "x-pkcs7-mime") => new Member(MailExtractor.NameOf(sealedPart) ?? "smime.p7m", () => Enclosed(content)) { MediaType = Extraction.MediaTypes.Mail },
        MimePart { Content: { } content } file => new Member(MailExtractor.NameOf(file) ?? $"attachment.{file.ContentType.MediaSubtype}", () => content.Open()),
        _ => null,
    };

    // Whether the signature holds is not asked: it is the text that is read.
    private static MemoryStream Enclosed(IMimeContent content)
    {
        using var bytes = new MemoryStream();
        content.DecodeTo(bytes);
        try
        {
            var signed = new SignedCms();
            signed.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            return new MemoryStream(signed.ContentInfo.Content, writable: false);
        }
        catch (CryptographicException error)
        {
            throw new DocumentException("What the e-mail says is encrypted (S/MIME); only a recipient's key opens it.", permanent: true, error);
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
