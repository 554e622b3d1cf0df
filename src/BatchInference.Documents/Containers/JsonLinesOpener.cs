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

    public override int Revision => 1;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        using var lines = new StreamReader(content, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        for (var number = 1; Next(lines, line); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (line.ToString() is var text && !string.IsNullOrWhiteSpace(text)) yield return ToMember(text, number);
        }
    }

    private Member ToMember(string line, int number)
    {
        var name = number.ToString(CultureInfo.InvariantCulture);
        try
        {
            using var json = JsonDocument.Parse(line, Json.Options);
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

    private static bool Next(StreamReader lines, StringBuilder line)
    {
        line.Clear();
        for (var value = lines.Read(); value >= 0; value = lines.Read())
        {
            if (value == '\n') return true;
            if (line.Length >= LongestLine) throw new DocumentException($"A line is longer than {LongestLine / (1024 * 1024)} MB.", permanent: true);
            line.Append((char)value);
        }

        return line.Length > 0;
    }
}
