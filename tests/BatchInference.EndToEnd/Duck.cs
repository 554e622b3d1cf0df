using System.Globalization;
using DuckDB.NET.Data;

namespace BatchInference.EndToEnd;

/// <summary>Asks DuckDB, as a data team would.</summary>
public static class Duck
{
    /// <summary>Rows of invariant texts; null stays null.</summary>
    public static IReadOnlyList<IReadOnlyList<string?>> Ask(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false;";
        command.ExecuteNonQuery();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<IReadOnlyList<string?>>();
        while (reader.Read())
        {
            var row = new string?[reader.FieldCount];
            for (var column = 0; column < row.Length; column++)
                row[column] = reader.IsDBNull(column) ? null : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture);
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>A path as a literal of SQL.</summary>
    public static string Literal(string path) => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";
}
