using System.Globalization;
using System.Text;
using System.Text.Json;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Containers;

/// <summary>JSON lines: a document a line, <c>file.jsonl#12</c>; also the input files of OpenAI's batch interface, whose <c>custom_id</c> stays with its line.</summary>
/// <param name="fields">Where the job has its texts.</param>
internal sealed class JsonLinesOpener(ContentFields fields) : ContainerOpener
{
    private const int LongestLine = 64 * 1024 * 1024;

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.JsonLines];

    public override int Revision => 2;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        var number = 0;
        foreach (var line in Lines(content))
        {
            cancellationToken.ThrowIfCancellationRequested();
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return ToMember(line, number);
        }
    }

    private Member ToMember(string line, int number)
    {
        var name = number.ToString(CultureInfo.InvariantCulture);
        try
        {
            using var json = Json.Parse(line);
            var record = json.RootElement;
            var identifiers = new Dictionary<string, string>(StringComparer.Ordinal);
            var isRequest = Json.IsBatchRequest(record);
            if (isRequest && Json.At(record, "custom_id") is { } custom) identifiers["customId"] = custom;
            if (fields.Id is { } id && Json.At(record, id) is { } own) identifiers[id] = own;
            var field = fields.Text ?? ContentFields.UsualText;
            var text = fields.Text is null && isRequest ? Json.BatchText(record) : Json.At(record, field);
            return Record(name, text, $"The line has no field \"{field}\"; name the one that holds the text (content.textField of the job).") with { Identifiers = identifiers };
        }
        catch (JsonException error)
        {
            return Record(name, null, $"The line is no JSON: {FailureReasons.OneLine(error.Message)}");
        }
    }

    /// <summary>A record with its text, or why it has none.</summary>
    internal static Member Record(string name, string? text, string missing) => new(name, () => text is null ? throw new DocumentException(missing, permanent: true) : new MemoryStream(Encoding.UTF8.GetBytes(text)))
    {
        IsRecord = true,
        MediaType = Extraction.MediaTypes.Text,
    };

    private static IEnumerable<string> Lines(Stream content)
    {
        var head = new byte[4096];
        var read = content.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        content.Position = 0;
        return TextEncodings.OfWideUnits(head.AsSpan(0, read)) is { } wide ? WideLines(content, wide) : ByteLines(content);
    }

    private static IEnumerable<string> WideLines(Stream content, Encoding encoding)
    {
        using var lines = new StreamReader(content, encoding, detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        int value;
        do
        {
            while ((value = lines.Read()) >= 0 && value != '\n') line.Append(line.Length < LongestLine ? (char)value : throw TooLong());
            if (value >= 0 || line.Length > 0) yield return line.ToString();
            line.Clear();
        }
        while (value >= 0);
    }

    // Each line for itself: of a file that several programs wrote some may be UTF-8 and others not.
    private static IEnumerable<string> ByteLines(Stream content)
    {
        var buffer = new byte[64 * 1024];
        var line = new MemoryStream();
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, read - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                yield return Line(line, buffer.AsSpan(start, length));
                line.SetLength(0);
            }

            if (line.Length + read - start > LongestLine) throw TooLong();
            line.Write(buffer, start, read - start);
        }

        if (line.Length > 0) yield return Line(line, []);
    }

    private static string Line(MemoryStream begun, ReadOnlySpan<byte> end)
    {
        if (begun.Length + end.Length > LongestLine) throw TooLong();
        if (begun.Length == 0) return TextEncodings.Decode(end);
        begun.Write(end);
        return TextEncodings.Decode(begun.GetBuffer().AsSpan(0, (int)begun.Length));
    }

    private static DocumentException TooLong() => new($"A line is longer than {LongestLine / (1024 * 1024)} MB.", permanent: true);
}
