using System.Text;
using System.Text.Json;
using CsvHelper;

namespace BatchInference.Models.Labels;

/// <summary>
/// Reads examples from CSV (delimiter and encoding are found out; columns <c>text</c>, <c>label</c>, optional <c>id</c> or <c>group</c>, <c>language</c>) or JSON lines with the same keys.
/// </summary>
public sealed class ExamplesFile
{
    private const long MaxBytes = 512L << 20;
    private const int MaxErrors = 1000;
    private const int MaxText = 10_000_000;
    private static readonly string[] Columns = ["text", "label", "id", "group", "language"];
    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    private readonly string path;
    private readonly string? language;
    private readonly List<string> errors = [];
    private readonly List<Example> examples = [];

    private ExamplesFile(string path)
    {
        this.path = path;

        // `letters.fr.csv` says its language.
        var hint = Path.GetExtension(Path.GetFileNameWithoutExtension(path)).TrimStart('.');
        language = hint.Length is 2 or 3 && hint.All(char.IsAsciiLetterLower) ? hint : null;
    }

    /// <summary>Reads one file or several as one.</summary>
    /// <exception cref="LabelSetException">All errors of all files; each names file, line and remedy.</exception>
    public static IReadOnlyList<Example> Read(params IReadOnlyList<string> paths)
    {
        var files = paths.Select(path => new ExamplesFile(path)).ToArray();
        foreach (var file in files)
            file.Read();
        var errors = files.SelectMany(file => file.errors).ToArray();
        return errors.Length == 0 ? [.. files.SelectMany(file => file.examples)] : throw new LabelSetException(errors);
    }

    private void Read()
    {
        try
        {
            if (!File.Exists(path))
            {
                errors.Add($"{path}: there is no such file. Give the path of a CSV or JSON-lines file with `text` and `label`.");
                return;
            }

            if (new FileInfo(path).Length > MaxBytes)
            {
                errors.Add($"{path}: is larger than {MaxBytes >> 20} MiB. Some thousand examples of each label are plenty: keep a part of them.");
                return;
            }

            var text = Decode(File.ReadAllBytes(path));
            if (text.AsSpan().TrimStart() is { Length: > 0 } rest && rest[0] == '{')
                ReadJson(text);
            else
                ReadCsv(text);
            if (examples.Count == 0 && errors.Count == 0)
                errors.Add($"{path}: holds no example. Write one a line below the header `text,label`.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read ({error.Message}). Give this account read access to it.");
        }
    }

    /// <summary>UTF-16 and UTF-8 by their marks, UTF-16 without by its zero bytes, UTF-8 where the bytes are valid, else Windows-1252, as spreadsheets write it.</summary>
    private static string Decode(byte[] bytes)
    {
        var encoding = bytes switch
        {
            [0xFF, 0xFE, ..] or [_, 0, _, 0, ..] => Encoding.Unicode,
            [0xFE, 0xFF, ..] or [0, _, 0, _, ..] => Encoding.BigEndianUnicode,
            _ => new UTF8Encoding(false, throwOnInvalidBytes: true),
        };
        try
        {
            return encoding.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetString(bytes);
        }
    }

    private void ReadJson(string text)
    {
        var line = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            line++;
            if (raw.IsWhiteSpace())
                continue;
            if (errors.Count >= MaxErrors)
                return;
            try
            {
                using var document = JsonDocument.Parse(raw.ToString(), new JsonDocumentOptions { MaxDepth = 16 });
                var values = new string?[Columns.Length];
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    errors.Add($"{path}, line {line}: this is no JSON object. Write one object a line: {{\"text\": \"…\", \"label\": \"…\"}}.");
                else if (TryValues(document.RootElement, values, line))
                    Add(values, line);
            }
            catch (JsonException error)
            {
                errors.Add($"{path}, line {line}: this is not JSON (byte {error.BytePositionInLine + 1}). Write one object a line: {{\"text\": \"…\", \"label\": \"…\"}}.");
            }
        }
    }

    // A number is as good as a text for an id, and for a label.
    private bool TryValues(JsonElement element, string?[] values, long line)
    {
        for (var c = 0; c < Columns.Length; c++)
        {
            if (!element.TryGetProperty(Columns[c], out var value) || value.ValueKind == JsonValueKind.Null)
                continue;
            if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || (c == 0 && value.ValueKind != JsonValueKind.String))
            {
                errors.Add($"{path}, line {line}: `{Columns[c]}` is {value.ValueKind switch { JsonValueKind.Array => "a list", JsonValueKind.Object => "an object", _ => value.GetRawText() }}, it must be one text. Put one text in quotes.");
                return false;
            }

            values[c] = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        }

        return true;
    }

    private void ReadCsv(string text)
    {
        var delimiter = Delimiter(text);
        if (delimiter is null)
        {
            var header = text.AsSpan()[..Math.Min(text.Length, 200)].Trim();
            var end = header.IndexOfAny('\r', '\n');
            errors.Add($"{path}, line 1: the header must name the columns `text` and `label`, it is `{(end < 0 ? header : header[..end])}`. Write `text,label` above the examples (and `id` and `language` if you have them).");
            return;
        }

        using var reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            Separator = delimiter,
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = Tell,
        });
        reader.ReadHeader();
        var names = reader.Headers.Select(name => name.Trim().ToLowerInvariant()).ToArray();
        var places = Columns.Select(column => Array.IndexOf(names, column)).ToArray();
        foreach (var twice in Columns.Where(column => names.Count(name => name == column) > 1))
            errors.Add($"{path}, line 1: the column `{twice}` stands twice. Rename or remove one of them.");
        while (errors.Count < MaxErrors && reader.Read())
            Add([.. places.Select(place => place < 0 ? null : reader.GetString(place))], reader.LineNumber);

        void Tell(CsvMalformedRecord record) => errors.Add(record.Reason == CsvMalformedReason.FieldCountMismatch
            ? $"{path}, line {record.LineNumber}: the number of fields differs from that of the header. Put a text that holds `{delimiter}`, a quote or a line break in double quotes."
            : $"{path}, line {record.LineNumber}: a double quote stands where none may, or is never closed. Put the field in double quotes and double each quote inside it.");
    }

    private static char? Delimiter(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var header = end < 0 ? text : text[..end];
        foreach (var delimiter in Delimiters)
        {
            var names = header.Split(delimiter).Select(name => name.Trim().Trim('"').Trim().ToLowerInvariant()).ToArray();
            if (names.Contains("text") && names.Contains("label"))
                return delimiter;
        }

        return null;
    }

    private void Add(string?[] values, long line)
    {
        var place = $"{path}, line {line}";
        var (text, label) = (values[0], string.IsNullOrWhiteSpace(values[1]) ? null : values[1]!.Trim());
        if (string.IsNullOrWhiteSpace(text))
            errors.Add($"{place}: `text` is empty. Remove the line, or write its text.");
        else if (text.Length > MaxText)
            errors.Add($"{place}: `text` has {text.Length:N0} characters, at most {MaxText:N0} are read. Is a quote missing? Else shorten it.");
        else if (label is not null && LabelName.Fault(label) is { } fault)
            errors.Add($"{place}: the label `{(label.Length > 60 ? label[..60] + "…" : label)}` cannot be used: {fault}. Use a short name.");
        else
        {
            var group = FirstOf(values[2], values[3]);
            examples.Add(new Example(text, label) { Group = group is null ? text.Trim() : "id " + group, Language = FirstOf(values[4], language), Place = place });
        }
    }

    private static string? FirstOf(string? first, string? second) => !string.IsNullOrWhiteSpace(first) ? first.Trim() : !string.IsNullOrWhiteSpace(second) ? second.Trim() : null;
}
