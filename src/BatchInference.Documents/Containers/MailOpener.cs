using BatchInference.Documents.Extraction;
using MimeKit;
using MimeKit.Tnef;

namespace BatchInference.Documents.Containers;

/// <summary>The attachments of an e-mail: files, e-mails, and what Outlook packs into a <c>winmail.dat</c>; pictures that its text shows are left out.</summary>
internal sealed class MailOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Mail];

    public override int Revision => 1;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        using var mail = MailExtractor.Parse(content, cancellationToken);
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
        part is MessagePart || part.IsAttachment || (part is MimePart { FileName.Length: > 0 } file && !(file.ContentId is not null && file.ContentType.IsMimeType("image", "*")));

    private static Member? ToMember(MimeEntity part) => part switch
    {
        MessagePart { Message: { } message } => new Member(MailExtractor.NameOf(part) ?? $"{message.Subject ?? "message"}.eml".Replace('/', '-'), () => Written(stream => message.WriteTo(stream))),
        MimePart { Content: { } content } file => new Member(MailExtractor.NameOf(file) ?? $"attachment.{file.ContentType.MediaSubtype}", () => content.Open()),
        _ => null,
    };

    private static MemoryStream Written(Action<Stream> write)
    {
        var stream = new MemoryStream();
        write(stream);
        stream.Position = 0;
        return stream;
    }
}
