using Parquet;
using Parquet.Schema;

namespace BatchInference.Pipeline.Results.RowFormats;

/// <summary>Parquet with row groups that are written as they fill, so that memory does not grow with the rows.</summary>
internal static class ParquetRows
{
    // Rows of a group: some megabytes at a few kilobytes a row, large enough for readers that skip by group.
    private const int GroupRows = 2000;

    public static async Task WriteAsync(Stream stream, IReadOnlyList<FlatColumn> columns, IAsyncEnumerable<ResultRow> rows, CancellationToken cancellationToken)
    {
        var fields = columns.Select(Field).ToArray();
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd };
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, options, cancellationToken: cancellationToken);

        var group = new List<ResultRow>(GroupRows);
        var groups = 0;
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            group.Add(row);
            if (group.Count < GroupRows)
                continue;
            await WriteGroupAsync(writer, columns, fields, group, cancellationToken);
            groups++;
            group.Clear();
        }

        // A file without a group is not read by everyone: no rows make one empty group.
        if (group.Count > 0 || groups == 0)
            await WriteGroupAsync(writer, columns, fields, group, cancellationToken);
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, IReadOnlyList<FlatColumn> columns, DataField[] fields, List<ResultRow> rows, CancellationToken cancellationToken)
    {
        using var group = writer.CreateRowGroup();
        for (var index = 0; index < fields.Length; index++)
        {
            var (column, field) = (columns[index], fields[index]);
            await (column.Type switch
            {
                ColumnType.Text => group.WriteAsync(field, rows.ConvertAll(row => (string?)column.Of(row))!),
                ColumnType.Integer => group.WriteAsync<long>(field, Values<long>(rows, column), cancellationToken: cancellationToken),
                ColumnType.Number => group.WriteAsync<double>(field, Values<double>(rows, column), cancellationToken: cancellationToken),
                ColumnType.Boolean => group.WriteAsync<bool>(field, Values<bool>(rows, column), cancellationToken: cancellationToken),
                _ => group.WriteAsync<DateTime>(field, rows.ConvertAll(row => (DateTime)column.Of(row)!).ToArray().AsMemory(), cancellationToken: cancellationToken),
            });
        }

        group.CompleteValidate();
    }

    private static ReadOnlyMemory<T?> Values<T>(List<ResultRow> rows, FlatColumn column)
        where T : struct => rows.ConvertAll(row => (T?)column.Of(row)).ToArray();

    private static DataField Field(FlatColumn column) => column.Type switch
    {
        ColumnType.Text => new DataField(column.Name, typeof(string), isNullable: !column.Required),
        ColumnType.Integer => new DataField(column.Name, typeof(long), isNullable: true),
        ColumnType.Number => new DataField(column.Name, typeof(double), isNullable: true),
        ColumnType.Boolean => new DataField(column.Name, typeof(bool), isNullable: true),
        _ => new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: false),
    };
}
