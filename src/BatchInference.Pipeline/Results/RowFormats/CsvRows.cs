using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BatchInference.Pipeline.Results.RowFormats;

/// <summary>RFC 4180: UTF-8, a header, CRLF, point as decimal sign, null is empty and an empty text is <c>""</c>.</summary>
internal static partial class CsvRows
{
    // A spreadsheet splits at the delimiter of its own country, whatever the file's is, and at line breaks once it has lost count of the quotes.
    private static readonly SearchValues<char> Special = SearchValues.Create(",;\t|\"\r\n");

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
                Append(line, cell);
            line.Append(delimiter);
        }

        line.Length--;
        return line.Append("\r\n");
    }

    private static void Append(StringBuilder line, string cell)
    {
        if (cell.Length > 0 && !cell.AsSpan().ContainsAny(Special))
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

    // What a spreadsheet would run as a formula: https://owasp.org/www-community/attacks/CSV_Injection. Where it splits at another delimiter than the file's, quotes in the middle of
    // its cell protect nothing, so a formula may not begin behind any delimiter inside a text either.
    private static string Defuse(string text)
    {
        var defused = Formula().Replace(text, "$1'");
        return defused is ['\t' or '\r', ..] ? $"'{defused}" : defused;
    }

    [GeneratedRegex("""((?:^|[,;\t|\r\n])"*)(?=[=+\-@])""")]
    private static partial Regex Formula();
}
