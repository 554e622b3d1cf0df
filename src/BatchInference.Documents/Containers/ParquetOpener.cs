using System.Globalization;
using BatchInference.Documents.Extraction;
using Parquet;
using Parquet.Schema;

namespace BatchInference.Documents.Containers;

/// <summary>Parquet with a column of texts: a document a row, <c>file.parquet#12</c>, counted from 1.</summary>
/// <param name="fields">Which columns.</param>
internal sealed class ParquetOpener(ContentFields fields) : ContainerOpener
{
    // Their texts are in memory together.
    private const int MostRows = 10_000_000;

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Parquet];

    public override int Revision => 1;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        // The reader would only dispose the stream, which stays the caller's.
        var file = ParquetReader.CreateAsync(content, leaveStreamOpen: true, cancellationToken: cancellationToken).GetAwaiter().GetResult();
        var column = fields.Text ?? ContentFields.UsualText;
        var texts = Column(file, column) ?? throw new DocumentException($"The Parquet file has no column \"{column}\" of texts; name the one that holds them (content.textField of the job). It has: {string.Join(", ", file.Schema.DataFields.Select(field => field.Name))}.", permanent: true);
        var ids = fields.Id is { } id ? file.Schema.DataFields.FirstOrDefault(field => field.Name == id) : null;
        var number = 0L;
        for (var index = 0; index < file.RowGroupCount; index++)
        {
            using var group = file.OpenRowGroupReader(index);
            var values = Strings(group, texts, cancellationToken);
            var names = ids is null ? null : Strings(group, ids, cancellationToken);
            for (var row = 0; row < values.Length; row++)
                yield return JsonLinesOpener.Record((++number).ToString(CultureInfo.InvariantCulture), values[row], $"The row has no \"{column}\".") with
                {
                    Identifiers = names?[row] is { } own ? new Dictionary<string, string>(StringComparer.Ordinal) { [fields.Id!] = own } : Member.NoIdentifiers,
                };
        }
    }

    // The library tells of texts as the memory it reads them into.
    private static DataField? Column(ParquetReader file, string name) => Array.Find(file.Schema.DataFields, field => field.Name == name && field.ClrType == typeof(ReadOnlyMemory<char>));

    private static string?[] Strings(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
    {
        if (group.RowCount is < 0 or > MostRows) throw new DocumentException(string.Create(CultureInfo.InvariantCulture, $"A row group of the Parquet file has {group.RowCount} rows; at most {MostRows} are read at once."), permanent: true);
        var values = new string?[group.RowCount];
        group.ReadAsync(field, values.AsMemory()!, cancellationToken: cancellationToken).AsTask().GetAwaiter().GetResult();
        return values;
    }
}
