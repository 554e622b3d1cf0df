using System.Globalization;
using System.Text;

namespace BatchInference.Pipeline.Results.RowFormats;

/// <summary>RFC 4180: UTF-8, a header, CRLF, point as decimal sign, null is empty and an empty text is <c>""</c>.</summary>
internal static class CsvRows
{
    public static async Task WriteAsync(Stream stream, IReadOnlyList<FlatColumn> columns, CsvFormat format, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(format.ByteOrderMark), bufferSize: 64 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        await text.WriteAsync(Line(line, columns.Select(column => column.Name), format.Delimiter), cancellationToken);
        await foreach (var row in rows.WithCancellation(cancellationToken))
            await text.WriteAsync(Line(line, columns.Select(column => Cell(column, row)), format.Delimiter), cancellationToken);
    }

    private static StringBuilder Line(StringBuilder line, IEnumerable<string?> cells, char delimiter)
    {
        line.Clear();
        foreach (var cell in cells)
        {
            if (cell is not null)
                Append(line, cell, delimiter);
            line.Append(delimiter);
        }

        line.Length--;
        return line.Append("\r\n");
    }

    private static void Append(StringBuilder line, string cell, char delimiter)
    {
        if (cell.Length > 0 && !cell.AsSpan().ContainsAny(delimiter, '"', '\n') && !cell.Contains('\r', StringComparison.Ordinal))
            line.Append(cell);
        else
            line.Append('"').Append(cell.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }

    private static string? Cell(FlatColumn column, ResultRow row) => column.Of(row) switch
    {
        null => null,
        string text => Defuse(text),
        bool flag => flag ? "true" : "false",
        DateTime moment => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => throw new InvalidOperationException($"Column {column.Name} gives a {other.GetType().Name}."),
    };

    // What a spreadsheet would run as a formula: https://owasp.org/www-community/attacks/CSV_Injection
    private static string Defuse(string text) => text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? $"'{text}" : text;
}
