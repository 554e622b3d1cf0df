using BatchInference.Documents.Extraction;
using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BatchInference.Pipeline.Results.RowFormats;

/// <summary>One JSON object a line, UTF-8 without a mark, each line ended by <c>\n</c>: the commit file of a part.</summary>
internal static class JsonLines
{
    private const string Moment = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    // Accents and quotes as they are; what a line may not hold is still escaped. The files are data, never part of a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(Stream stream, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
    {
        var line = new ArrayBufferWriter<byte>(4096);
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            line.ResetWrittenCount();
            Write(line, row);
            line.Write("\n"u8);
            await stream.WriteAsync(line.WrittenMemory, cancellationToken);
        }
    }

    /// <summary>Writes a row as it stands in a line, without the line's end.</summary>
    public static void Write(IBufferWriter<byte> output, ResultRow row)
    {
        using var json = new Utf8JsonWriter(output, Options);
        Write(json, row);
    }

    /// <summary>Reads the rows of a whole part.</summary>
    /// <exception cref="InvalidDataException">A line is no row, or no UTF-8.</exception>
    public static async IAsyncEnumerable<ResultRow> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        for (var number = 1; await LineAsync(reader, number, cancellationToken) is { } line; number++)
            yield return Read(line, number);
    }

    private static async Task<string?> LineAsync(StreamReader reader, int number, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"Line {number} or one of the next is no UTF-8.", exception);
        }
    }

    /// <summary>The scores or quotes of a flat column.</summary>
    public static string Nested(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WriteScores(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, double>> scores)
    {
        json.WriteStartObject();
        foreach (var (label, score) in scores)
            json.WriteNumber(label, score);
        json.WriteEndObject();
    }

    public static void WriteTexts(Utf8JsonWriter json, IReadOnlyList<string> texts)
    {
        json.WriteStartArray();
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject();
        foreach (var (name, value) in metadata)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    public static void WriteQuotes(Utf8JsonWriter json, IReadOnlyList<Quote> quotes)
    {
        json.WriteStartArray();
        foreach (var quote in quotes)
        {
            json.WriteStartObject();
            json.WriteNumber("start", quote.Start);
            json.WriteNumber("length", quote.Length);
            if (quote.Page is { } page)
                json.WriteNumber("page", page);
            else
                json.WriteNull("page");
            json.WriteString("text", quote.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ResultRow row)
    {
        json.WriteStartObject();
        json.WriteString("document", row.Document);
        json.WriteString("version", row.Version);
        json.WriteString("sha256", row.Sha256);
        json.WriteString("mediaType", row.MediaType);
        json.WriteString("language", row.Language);
        WriteNumber(json, "pages", row.Pages);
        WriteNumber(json, "characters", row.Characters);
        if (row.Scanned.Count > 0)
            WriteScanned(json, row.Scanned);
        if (row.TextFile is not null)
            json.WriteString("textFile", row.TextFile);
        json.WritePropertyName("tokens");
        if (row is { TokensTotal: { } total, TokensRead: { } read })
        {
            json.WriteStartObject();
            json.WriteNumber("total", total);
            json.WriteNumber("read", read);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("status", Name(row.Status));
        json.WriteStartObject("results");
        foreach (var result in row.Results)
        {
            json.WritePropertyName(result.Task);
            Write(json, result);
        }

        json.WriteEndObject();
        json.WritePropertyName("error");
        if (row.Error is { } error)
        {
            json.WriteStartObject();
            json.WriteString("stage", error.Stage);
            json.WriteString("reason", error.Reason);
            json.WriteBoolean("permanent", error.Permanent);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        if (row.Metadata.Count > 0)
        {
            json.WritePropertyName("metadata");
            WriteMetadata(json, row.Metadata);
        }

        json.WriteString("run", row.Run);
        json.WriteString("processedAt", row.ProcessedAt.UtcDateTime.ToString(Moment, CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    // {"confidence":0.93,"pages":[{"page":1,"confidence":0.93}]}: the mean, then each page that was read from its picture; an error where one could not be.
    private static void WriteScanned(Utf8JsonWriter json, IReadOnlyList<ScannedPage> pages)
    {
        json.WriteStartObject("ocr");
        json.WriteNumber("confidence", Math.Round(pages.Average(page => page.Confidence), 3));
        json.WriteStartArray("pages");
        foreach (var page in pages)
        {
            json.WriteStartObject();
            json.WriteNumber("page", page.Page);
            json.WriteNumber("confidence", page.Confidence);
            if (page.Error is not null)
                json.WriteString("error", page.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TaskResult result)
    {
        json.WriteStartObject();
        if (result.Error is not null)
            json.WriteString("error", result.Error);
        if (result.Scores is not null)
        {
            json.WriteString("label", result.Label);
            if (result.Score is { } score)
                json.WriteNumber("score", score);
            json.WritePropertyName("scores");
            WriteScores(json, result.Scores);
        }

        if (result.Labels is not null)
        {
            json.WritePropertyName("labels");
            WriteTexts(json, result.Labels);
        }

        if (result.Quotes is not null)
        {
            json.WriteString("text", result.Text);
            json.WritePropertyName("quotes");
            WriteQuotes(json, result.Quotes);
        }

        foreach (var (name, value) in new[] { ("basis", result.Basis), ("method", result.Method), ("reasoning", result.Reasoning) })
            if (value is not null)
                json.WriteString(name, value);
        json.WriteString("model", result.Model);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static ResultRow Read(string line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            var tokens = row.GetProperty("tokens");
            var error = row.GetProperty("error");
            return new ResultRow
            {
                Document = row.GetProperty("document").GetString()!,
                Version = row.GetProperty("version").GetString()!,
                Sha256 = row.GetProperty("sha256").GetString(),
                MediaType = row.GetProperty("mediaType").GetString(),
                Language = row.GetProperty("language").GetString(),
                Pages = (int?)Number(row, "pages"),
                Scanned = row.TryGetProperty("ocr", out var ocr) ? [.. ocr.GetProperty("pages").EnumerateArray().Select(ReadScanned)] : [],
                Characters = Number(row, "characters"),
                TextFile = Optional(row, "textFile"),
                TokensTotal = tokens.ValueKind == JsonValueKind.Null ? null : tokens.GetProperty("total").GetInt64(),
                TokensRead = tokens.ValueKind == JsonValueKind.Null ? null : tokens.GetProperty("read").GetInt64(),
                Status = Enum.Parse<RowStatus>(row.GetProperty("status").GetString()!, ignoreCase: true),
                Results = [.. row.GetProperty("results").EnumerateObject().Select(Result)],
                Error = error.ValueKind == JsonValueKind.Null
                    ? null
                    : new DocumentFailure(error.GetProperty("stage").GetString()!, error.GetProperty("reason").GetString()!, error.GetProperty("permanent").GetBoolean()),
                Metadata = row.TryGetProperty("metadata", out var metadata) ? metadata.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!, StringComparer.Ordinal) : ResultRow.NoMetadata,
                Run = row.GetProperty("run").GetString()!,
                ProcessedAt = row.GetProperty("processedAt").GetDateTimeOffset(),
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Line {number} is no result row.", exception);
        }
    }

    private static TaskResult Result(JsonProperty task)
    {
        var result = task.Value;
        return new TaskResult
        {
            Task = task.Name,
            Model = result.GetProperty("model").GetString()!,
            Error = Optional(result, "error"),
            Label = Optional(result, "label"),
            Score = result.TryGetProperty("score", out var score) ? score.GetDouble() : null,
            Scores = result.TryGetProperty("scores", out var scores) ? [.. scores.EnumerateObject().Select(one => KeyValuePair.Create(one.Name, one.Value.GetDouble()))] : null,
            Labels = result.TryGetProperty("labels", out var labels) ? [.. labels.EnumerateArray().Select(label => label.GetString()!)] : null,
            Text = Optional(result, "text"),
            Quotes = result.TryGetProperty("quotes", out var quotes) ? [.. quotes.EnumerateArray().Select(ReadQuote)] : null,
            Basis = Optional(result, "basis"),
            Method = Optional(result, "method"),
            Reasoning = Optional(result, "reasoning"),
        };
    }

    private static ScannedPage ReadScanned(JsonElement page) => new(page.GetProperty("page").GetInt32(), page.GetProperty("confidence").GetDouble(), Optional(page, "error"));

    private static Quote ReadQuote(JsonElement quote) =>
        new(quote.GetProperty("start").GetInt64(), quote.GetProperty("length").GetInt64(), (int?)Number(quote, "page"), quote.GetProperty("text").GetString()!);

    private static string? Optional(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) => element.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null;

    private static string Name(RowStatus status) => FlatColumns.Name(status);
}
