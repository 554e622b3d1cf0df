using System.Text.Json.Nodes;

namespace BatchInference.EndToEnd;

/// <summary>DuckDB opens what the demo wrote and finds the same rows in every format.</summary>
public sealed class DataTeamTests(DemoRun demo)
{
    private const string Columns = "document, version, sha256, media_type, language, pages, characters, tokens_total, tokens_read, status, error_stage, error_reason, error_permanent, run, "
        + "topic_label, topic_scores, topic_model, topic_error, summary_text, summary_quotes, summary_model, summary_error";

    private string Parquet => $"read_parquet({Duck.Literal(demo.Results.Path + "/parquet/**/*.parquet")}, hive_partitioning = true)";

    private string Csv => $"read_csv({Duck.Literal(demo.Results.Path + "/csv/**/*.csv")}, hive_partitioning = true, all_varchar = true, header = true)";

    private string Json => $"read_json({Duck.Literal(demo.Results.Path + "/jsonl/**/*.jsonl")}, hive_partitioning = true, format = 'newline_delimited', maximum_object_size = 100000000)";

    [Fact]
    public void CsvAndParquetHoldTheSameRows()
    {
        demo.First.ShouldExit(0);
        var parquet = Duck.Ask($"SELECT {Columns}, strftime(processed_at, '%Y-%m-%dT%H:%M:%S.%gZ'), run_date FROM {Parquet} ORDER BY document");
        var csv = Duck.Ask($"SELECT {Columns}, processed_at, run_date FROM {Csv} ORDER BY document");
        csv.Count.ShouldBe(parquet.Count);
        for (var row = 0; row < csv.Count; row++)
            csv[row].Select(Undefused).ShouldBe(parquet[row].Select(cell => cell is "True" or "False" ? cell.ToLowerInvariant() : cell));
    }

    [Fact]
    public void JsonLinesAndParquetHoldTheSameRows()
    {
        demo.First.ShouldExit(0);
        var parquet = Duck.Ask($"SELECT document, version, sha256, status, tokens_total, topic_label, round(topic_score, 6), summary_text, error_reason, run_date FROM {Parquet} ORDER BY document");
        var json = Duck.Ask($"SELECT document, version, sha256, status, tokens.total, results.topic.label, round(results.topic.score, 6), results.summary.text, error.reason, run_date FROM {Json} ORDER BY document");
        json.Select(row => string.Join('|', row)).ShouldBe(parquet.Select(row => string.Join('|', row)));
    }

    [Fact]
    public void TheDataPackageDescribesTheColumnsThatAreThere()
    {
        demo.First.ShouldExit(0);
        var package = JsonNode.Parse(File.ReadAllText(Path.Combine(demo.Results.Runs[0], "datapackage.json")))!;
        var described = package["resources"]!.AsArray().ShouldHaveSingleItem()!["schema"]!["fields"]!.AsArray()
            .Select(field => (string)field!["name"]!);
        var found = Duck.Ask($"DESCRIBE SELECT * EXCLUDE (run_date) FROM {Csv}").Select(row => row[0]!);
        described.ShouldBe(found);
        Duck.Ask($"DESCRIBE SELECT * EXCLUDE (run_date) FROM {Parquet}").Select(row => row[0]!).ShouldBe(found);
    }

    [Fact]
    public void NoCellOfTheCsvIsAFormula()
    {
        demo.First.ShouldExit(0);
        var texts = Duck.Ask($"SELECT document, summary_text, error_reason, summary_quotes FROM {Csv}").SelectMany(row => row).OfType<string>().Where(cell => cell.Length > 0).ToList();
        texts.ShouldNotBeEmpty();
        texts.ShouldAllBe(cell => !"=+-@\t\r".Contains(cell[0]));
    }

    private static string? Undefused(string? cell) => cell is null ? null : System.Text.RegularExpressions.Regex.Replace(cell, "(^|[,;\t|\r\n])(\"*)'(?=[=+@\t\r-])", "$1$2");
}
