using System.Globalization;

namespace BatchInference.Documents.Containers;

/// <summary>Mailboxes of the form mbox (RFC 4155, with the quoting of mboxrd): the e-mails by their number, <c>box.mbox!/12.eml</c>.</summary>
internal sealed class MailboxOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Mailbox];

    public override int Revision => 1;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        var lines = new Lines(new BufferedStream(content, 256 * 1024));
        lines.Next();
        for (var number = 1; !lines.AtEnd; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var message = new Message(lines);
            yield return new Member(string.Create(CultureInfo.InvariantCulture, $"{number}.eml"), () => message);
            message.Skip();
        }
    }

    /// <summary>Lines of bytes, a long one in pieces.</summary>
    private sealed class Lines(Stream content)
    {
        private readonly byte[] line = new byte[64 * 1024];
        private int length;
        private bool begins = true;
        private bool afterBlank = true;

        public bool AtEnd { get; private set; }

        public ReadOnlySpan<byte> Current => line.AsSpan(0, length);

        /// <summary>True at the line that begins a message: <c>From </c>, sender and date, behind an empty line.</summary>
        public bool IsBorder { get; private set; }

        /// <summary>True at the beginning of a line.</summary>
        public bool Begins => begins;

        public void Next()
        {
            begins = length == 0 || line[length - 1] == '\n';
            if (begins) afterBlank = length == 0 || Current.SequenceEqual("\n"u8) || Current.SequenceEqual("\r\n"u8);
            length = 0;
            int value;
            while (length < line.Length && (value = content.ReadByte()) >= 0)
            {
                line[length++] = (byte)value;
                if (value == '\n') break;
            }

            AtEnd = length == 0;
            IsBorder = begins && afterBlank && Current.StartsWith("From "u8) && Current.ContainsAnyInRange((byte)'0', (byte)'9');
        }
    }

    /// <summary>One message, from behind its border to the next.</summary>
    private sealed class Message : Stream
    {
        private readonly Lines lines;
        private int position;

        public Message(Lines lines)
        {
            this.lines = lines;
            if (lines.IsBorder) lines.Next();
            position = Quoted();
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (lines.AtEnd || lines.IsBorder) return 0;
            var left = lines.Current[position..];
            var read = Math.Min(left.Length, buffer.Length);
            left[..read].CopyTo(buffer);
            position += read;
            if (position == lines.Current.Length)
            {
                lines.Next();
                position = Quoted();
            }

            return read;
        }

        /// <summary>Goes to the next border.</summary>
        public void Skip()
        {
            while (!lines.AtEnd && !lines.IsBorder) lines.Next();
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        // A line that would be a border had a ">" put before it.
        private int Quoted() => lines.Begins && lines.Current.TrimStart((byte)'>') is var unquoted && unquoted.Length < lines.Current.Length && unquoted.StartsWith("From "u8) ? 1 : 0;
    }
}
