using MimeKit;

namespace BatchInference.Documents.Extraction;

/// <summary>E-mails that were put together here, and not read as they were sent: written twice, they are the same bytes, so that an e-mail in an e-mail has one hash.</summary>
internal static class RepeatableMail
{
    /// <summary>Takes what was drawn by chance or from the clock out of a message, and encodes its parts so that no text can look like a border between them.</summary>
    public static void Make(MimeMessage message)
    {
        message.Headers.Remove(HeaderId.MessageId);
        var borders = 0;
        foreach (var entity in Parts(message.Body))
        {
            if (entity is Multipart parts) parts.Boundary = $"=_{borders++}";
            else if (entity is MimePart part) part.ContentTransferEncoding = ContentEncoding.Base64;
        }

        IEnumerable<MimeEntity> Parts(MimeEntity? entity)
        {
            if (entity is null) yield break;
            yield return entity;
            if (entity is MessagePart { Message: { } inner })
            {
                inner.Headers.Remove(HeaderId.MessageId);
                foreach (var part in Parts(inner.Body)) yield return part;
            }
            else if (entity is Multipart multipart)
            {
                foreach (var child in multipart)
                    foreach (var part in Parts(child)) yield return part;
            }
        }
    }
}
