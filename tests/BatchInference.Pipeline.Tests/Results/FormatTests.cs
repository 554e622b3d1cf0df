using System.Text.Json;
using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Testing;
using CsCheck;
using DuckDB.NET.Data;

namespace BatchInference.Pipeline.Tests.Results;

/// <summary>The files as a data team opens them.</summary>
public sealed class FormatTests : IDisposable
{
    private readonly Archive archive = new();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        archive.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task DuckDbFindsTheSameRowsInAllFormatsOverSeveralNights()
    {
        Trouble();
        await archive.RunAsync(AllFormats);
        archive["later"] = "A letter of the next night. With 😀 an emoji.";
        await archive.RunAsync(AllFormats);
        Unload();

        const string columns = "document, version, sha256, media_type, language, pages, characters, tokens_total, tokens_read, status, error_stage, error_reason, error_permanent, run, processed_at, " +
            "topic_label, topic_score, topic_scores, topic_model, topic_error, summary_text, summary_quotes, summary_model, summary_error, run_date";
        var parquet = Query($"SELECT {columns} FROM read_parquet('{folder.Path}/parquet/**/*.parquet', hive_partitioning = true) ORDER BY document");
        var csv = Query($"SELECT {columns} FROM read_csv('{folder.Path}/csv/**/*.csv', hive_partitioning = true, delim = ';', header = true, types = {{'pages': 'BIGINT', 'error_permanent': 'BOOLEAN', 'language': 'VARCHAR', 'sha256': 'VARCHAR'}}, nullstr = '', allow_quoted_nulls = false) ORDER BY document");
        var rows = Query($"SELECT document, status, characters, results.topic.label, results.summary.text FROM read_json('{folder.Path}/jsonl/**/*.jsonl', hive_partitioning = true, format = 'newline_delimited') ORDER BY document");

        parquet.Count.ShouldBe(archive.Documents.Count);
        csv.Select(row => row.Select(Undefused).ToArray()).OrderBy(row => row[0], StringComparer.Ordinal).ShouldBe(parquet);
        rows.ShouldBe(parquet.Select(row => new[] { row[0], row[9], row[6], row[15], row[20] }));
        parquet.Select(row => row[^1]).Distinct().Count().ShouldBe(2);
        Query($"SELECT DISTINCT typeof(processed_at), typeof(characters), typeof(topic_score), typeof(error_permanent) FROM read_parquet('{folder.Path}/parquet/**/*.parquet')").Single()
            .ShouldBe(["TIMESTAMP WITH TIME ZONE", "BIGINT", "DOUBLE", "BOOLEAN"]);
    }

    [Fact]
    public async Task TheDataPackageNamesTheColumnsAsTheyStand()
    {
        Trouble();
        var report = await archive.RunAsync(AllFormats);
        Unload();
        var fields = JsonDocument.Parse(archive.Sink.Text($"{report.Folder}/datapackage.json")).RootElement.GetProperty("resources")[0].GetProperty("schema").GetProperty("fields");
        var described = fields.EnumerateArray().Select(field => (field.GetProperty("name").GetString(), field.GetProperty("type").GetString())).ToArray();
        var columns = Query($"DESCRIBE SELECT * FROM read_parquet('{folder.Path}/parquet/**/*.parquet', hive_partitioning = false)");
        described.ShouldBe(columns.Select(column => ((string?)column[0], (string?)((string?)column[1] switch
        {
            "BIGINT" => "integer",
            "DOUBLE" => "number",
            "BOOLEAN" => "boolean",
            "TIMESTAMP WITH TIME ZONE" => "datetime",
            _ => "string",
        }))));
        var header = archive.Sink.Text(archive.Sink.Names.First(name => name.StartsWith("csv/", StringComparison.Ordinal))).Split("\r\n")[0].TrimStart('\uFEFF');
        header.Split(';').ShouldBe(described.Select(field => field.Item1));
    }

    [Fact]
    public async Task WhatALabelRestsOnAndWhatItsScoreIsStandInTheFlatFiles()
    {
        archive.Pass = new ScriptedPass { Basis = "descriptions" };
        archive["plain"] = "A plain letter. Of two sentences.";
        var report = await archive.RunAsync(plan => AllFormats(plan) with { Passes = [new PlannedPass("scripted/test", plan.Passes[0].Fingerprint, [new PlannedTask("topic", TaskKind.Classification) { Scores = "A similarity, no probability." }, new PlannedTask("summary", TaskKind.Summary)])] });
        Unload();
        foreach (var format in new[] { "parquet", "csv" })
            Query($"SELECT topic_basis FROM read_{format}('{folder.Path}/{format}/**/*.{format}')").Single().ShouldBe(["descriptions"]);
        var fields = JsonDocument.Parse(archive.Sink.Text($"{report.Folder}/datapackage.json")).RootElement.GetProperty("resources")[0].GetProperty("schema").GetProperty("fields");
        var descriptions = fields.EnumerateArray().ToDictionary(field => field.GetProperty("name").GetString()!, field => field.GetProperty("description").GetString());
        descriptions["topic_score"].ShouldBe("Score of that label. A similarity, no probability.");
        descriptions.Keys.ShouldNotContain("summary_basis");
    }

    [Fact]
    public async Task NightsFromBeforeTheColumnOfTheBasisAreReadTogetherWithLaterOnes()
    {
        Trouble();
        await archive.RunAsync(AllFormats);
        archive["later"] = "A letter of the next night. With 😀 an emoji.";
        await archive.RunAsync(AllFormats);
        Unload();
        var rows = archive.RowsOf(archive.Sink.Names.First(name => name.StartsWith("jsonl/", StringComparison.Ordinal)));
        FlatColumn[] before = [.. FlatColumns.Of(Some.Plan().Passes[0].Tasks, metadata: false).Where(column => column.Name != "topic_basis")];
        foreach (var (format, options) in new[] { ("parquet", ""), ("csv", ", delim = ';', header = true, all_varchar = true") })
        {
            var first = Directory.GetFiles(folder[format], $"*.{format}", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
            await using (var file = File.Create(first))
                await (format == "csv" ? CsvRows.WriteAsync(file, before, new CsvFormat(';', true), rows.ToAsyncEnumerable(), default) : ParquetRows.WriteAsync(file, before, rows.ToAsyncEnumerable(), default));
            Query($"SELECT DISTINCT topic_model FROM read_{format}('{folder.Path}/{format}/**/*.{format}', hive_partitioning = true{options}) WHERE topic_label IS NOT NULL").ShouldBe([["scripted/test"]]);
        }
    }

    [Fact]
    public async Task WhatASpreadsheetWouldRunIsDefusedAndNumbersAreNot()
    {
        archive["=cmd|' /C calc'!A0"] = "+1 is a formula. And, \"this\" needs quotes;\nso does this.";
        await archive.RunAsync(AllFormats);
        var csv = archive.Sink.Text(archive.Sink.Names.Single(name => name.StartsWith("csv/", StringComparison.Ordinal)));
        csv.ShouldStartWith("\uFEFFdocument;version;");
        csv.ShouldContain("\r\n\"'=cmd|' /C calc'!A0\";");
        csv.ShouldContain(";\"'+1 is a formula. And, \"\"this\"\" needs quotes;\nso does this.\";");
        csv.ShouldContain(";0.75;");
    }

    [Theory]
    [InlineData(',')]
    [InlineData(';')]
    public async Task NoFormulaBeginsAtAnyDelimiterThatASpreadsheetMaySplitAt(char delimiter)
    {
        foreach (var file in await FormulasAsync(delimiter))
        {
            foreach (var cell in File.ReadAllText(file).Split([',', ';', '\t', '|', '\r', '\n']))
                cell.TrimStart('"').ShouldNotMatch("^[=+@-]", cell);
            // A reader of the file's own delimiter gets the whole text as one cell.
            Query($"SELECT document, summary_text FROM read_csv('{file}', delim = '{delimiter}', header = true, quote = '\"', escape = '\"') WHERE document LIKE 'x%'").Single()
                .Select(Undefused).ShouldBe(["x;=3*4.txt", Formulas]);
        }
    }

    [Fact]
    public async Task LibreOfficeMakesAFormulaOfNoCell()
    {
        Assert.SkipUnless(File.Exists(LibreOffice), "LibreOffice is not installed.");
        var files = (await FormulasAsync(',')).Concat(await FormulasAsync(';')).ToArray();
        File.WriteAllText(folder["control.csv"], "Bonjour;=1+2;la mairie\r\nBonjour,=1+2,la mairie\r\n");
        foreach (var delimiter in (char[])[',', ';'])
        {
            var converted = folder[$"converted-{(int)delimiter}"];
            using var office = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(LibreOffice,
            [
                $"-env:UserInstallation=file://{folder["profile"]}", "--headless", "--convert-to", "xlsx", "--outdir", converted,
                // Split here, whatever the file was written with; the last but one says that formulas are run.
                $"--infilter=CSV:{(int)delimiter},34,76,1,,1036,false,true,false,false,false,1", folder["control.csv"], .. files,
            ]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await office.WaitForExitAsync(TestContext.Current.CancellationToken);
            Formulae(Path.Combine(converted, "control.xlsx")).ShouldBe(1);
            foreach (var file in files)
                Formulae(Path.Combine(converted, Path.ChangeExtension(Path.GetFileName(file), "xlsx"))).ShouldBe(0, $"{file} split at {delimiter}");
        }
    }

    [Fact]
    public async Task AllFormatsSayTheSameTime()
    {
        archive.Time.Advance(TimeSpan.FromTicks(1_234_567));
        archive["a"] = "A plain letter. Of two sentences.";
        await archive.RunAsync(AllFormats);
        Unload();
        foreach (var extension in (string[])["jsonl", "parquet", "csv"])
            await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder[$"view.{extension}"], new CsvFormat(';'), null, default);
        foreach (var (column, from) in ((string, string)[])
        [
            ("processedAt", $"read_json('{folder.Path}/jsonl/**/*.jsonl')"), ("processed_at", $"read_parquet('{folder.Path}/parquet/**/*.parquet')"), ("processed_at", $"read_csv('{folder.Path}/csv/**/*.csv', delim = ';')"),
            ("processedAt", $"read_json('{folder["view.jsonl"]}')"), ("processed_at", $"read_parquet('{folder["view.parquet"]}')"), ("processed_at", $"read_csv('{folder["view.csv"]}', delim = ';')"),
        ])
            Query($"SELECT epoch_us({column}::TIMESTAMPTZ) FROM {from}").ShouldBe([[$"{(Some.Evening.AddSeconds(1).AddMilliseconds(123) - DateTimeOffset.UnixEpoch).Ticks / 10}"]], from);
    }

    [Fact]
    public async Task NightsWithOtherTasksAreReadTogetherByTheNamesOfTheirColumns()
    {
        archive["a"] = "A plain letter. Of two sentences.";
        await archive.RunAsync(plan => AllFormats(plan) with { Passes = [plan.Passes[0] with { Tasks = [new PlannedTask("topic", TaskKind.Classification)] }] });
        archive["b"] = "Another plain letter. Of two sentences.";
        await archive.RunAsync(plan => AllFormats(plan) with { Passes = [plan.Passes[0] with { Tasks = [new PlannedTask("summary", TaskKind.Summary)] }] });
        Unload();
        var shown = System.Text.RegularExpressions.Regex.Match(File.ReadAllText(Repository.At("README.md")), "```sql\n(.*?)```", System.Text.RegularExpressions.RegexOptions.Singleline).Groups[1].Value;
        Query(shown.Replace("results/demo", folder.Path, StringComparison.Ordinal)).Sum(row => int.Parse(row[1]!, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(3);
        Query($"SELECT document, topic_label IS NULL, summary_text IS NULL FROM read_parquet('{folder.Path}/parquet/**/*.parquet', hive_partitioning = true, union_by_name = true) ORDER BY ALL")
            .ShouldBe([["a", "False", "True"], ["a", "True", "False"], ["b", "True", "False"]]);
        Should.Throw<DuckDBException>(() => Query($"SELECT document, summary_text FROM read_parquet('{folder.Path}/parquet/**/*.parquet', hive_partitioning = true)"));
    }

    [Fact]
    public async Task ARowIsWrittenAsTheContractSays()
    {
        archive["2026/courrier/0001.txt"] = "Élu de la ville. Deux 😀 phrases.";
        await archive.RunAsync();
        var line = archive.Sink.Text(archive.Sink.Names.Single(name => name.StartsWith("jsonl/", StringComparison.Ordinal)));
        var row = archive.Rows.Single();
        line.ShouldBe(
            $$$"""
            {"document":"2026/courrier/0001.txt","version":"33-0-{{{row.Sha256![..16]}}}","sha256":"{{{row.Sha256}}}","mediaType":"text/plain","language":"en","pages":null,"characters":32,"tokens":{"total":7,"read":7},"status":"completed","results":{"topic":{"label":"{{{row.Results[0].Label}}}","score":0.75,"scores":{"{{{row.Results[0].Label}}}":0.75,"other":0.25},"model":"scripted/test"},"summary":{"text":"Élu de la ville. Deux \uD83D\uDE00 phrases.","quotes":[{"start":0,"length":16,"page":null,"text":"Élu de la ville."},{"start":17,"length":15,"page":null,"text":"Deux \uD83D\uDE00 phrases."}],"model":"scripted/test"}},"error":null,"run":"20261123T190000Z-4f2a","processedAt":"2026-11-23T19:00:01.000Z"}

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void QuotesAreExactRangesInCodePointsAndMakeTheSummary() =>
        Gen.Select(Gen.String[Gen.Char["aé .\n😀𝄞x"[..5]], 0, 60], Gen.Int[0, 3]).Sample((text, emoji) =>
        {
            text = "A" + text.Replace("x", "😀", StringComparison.Ordinal) + string.Concat(Enumerable.Repeat("𝄞. ", emoji)) + "b.";
            using var one = new Archive();
            one["only"] = text;
            one.RunAsync().GetAwaiter().GetResult();
            var summary = one.Rows.Single().Results.Single(result => result.Task == "summary");
            var points = text.EnumerateRunes().ToArray();
            foreach (var quote in summary.Quotes!)
                string.Concat(points.Skip((int)quote.Start).Take((int)quote.Length)).ShouldBe(quote.Text);
            summary.Text.ShouldBe(string.Join(' ', summary.Quotes!.Select(quote => quote.Text)));
            one.Rows.Single().Characters.ShouldBe(points.Length);
        }, iter: 30, threads: 1);

    [Theory]
    [InlineData(".parquet")]
    [InlineData(".csv")]
    [InlineData(".jsonl")]
    public async Task AnExportHasTheLatestRowOfEachDocument(string extension)
    {
        Trouble();
        await archive.RunAsync(AllFormats);
        archive["plain"] = "Changed since. Entirely.";
        archive.Documents.Remove("quiet");
        await archive.RunAsync(AllFormats);

        var file = folder["view" + extension];
        var report = await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", file, new CsvFormat(';'), null, default);
        report.Rows.ShouldBe(archive.Documents.Count + 1);
        var read = extension switch { ".parquet" => "read_parquet", ".csv" => "read_csv", _ => "read_json" };
        Query($"SELECT count(*), count(DISTINCT document) FROM {read}('{file}')").Single().ShouldBe([$"{report.Rows}", $"{report.Rows}"]);
        if (extension != ".jsonl")
            Query($"SELECT summary_text FROM {read}('{file}') WHERE document = 'plain'").Single().ShouldBe(["Changed since. Entirely."]);

        report = await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", file, new CsvFormat(';'), archive.Source, default);
        report.Rows.ShouldBe(archive.Documents.Count);
        report.Gone.ShouldBe(1);
    }

    [Fact]
    public async Task ADocumentThatANightDoesAgainDuringAnExportIsInItOnce()
    {
        foreach (var name in (string[])["first", "last"])
        {
            archive[name] = $"The {name} letter. Of two sentences.";
            await archive.RunAsync();
        }

        // When the first part is about to be read, a night moves the last document out of the part behind it.
        archive.Sink.Opening = _ =>
        {
            archive.Sink.Opening = _ => { };
            archive["last"] = "The last letter, changed since. Entirely.";
            archive.RunAsync().GetAwaiter().GetResult();
        };
        var report = await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder["view.jsonl"], new CsvFormat(), null, default);
        archive.RowsPerDocument.ShouldBe(["first", "last", "last"]);
        report.Rows.ShouldBe(2);
        Query($"SELECT document FROM read_json('{folder["view.jsonl"]}') ORDER BY document").ShouldBe([["first"], ["last"]]);
    }

    [Theory]
    [InlineData("cut in a line")]
    [InlineData("cut behind a line")]
    [InlineData("no text")]
    [InlineData("another label")]
    public async Task APartThatIsDamagedIsNamed(string how)
    {
        archive["a"] = "A plain letter. Of two sentences.";
        archive["b"] = "Another plain letter. Of two sentences.";
        await archive.RunAsync();
        var part = archive.Sink.Names.Single(name => name.StartsWith("jsonl/", StringComparison.Ordinal));
        var bytes = archive.Sink.Bytes(part);
        archive.Sink.Put(part, how switch
        {
            "cut in a line" => bytes[..^20],
            "cut behind a line" => bytes[..(Array.IndexOf(bytes, (byte)'\n') + 1)],
            "another label" => System.Text.Encoding.UTF8.GetBytes(archive.Sink.Text(part).Replace("\"label\":\"", "\"label\":\"FORGED ", StringComparison.Ordinal)),
            _ => [0xFF, 0xFE, .. bytes],
        });
        (await Should.ThrowAsync<InvalidDataException>(() => new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder["view.jsonl"], new CsvFormat(), null, default)))
            .Message.ShouldStartWith($"{part} in {archive.Sink.Identity} is damaged: ");
        File.Exists(folder["view.jsonl"]).ShouldBeFalse();
    }

    [Fact]
    public async Task AnExportOfNothingIsAFileWithoutRows()
    {
        await archive.RunAsync();
        foreach (var extension in new[] { "parquet", "csv", "jsonl" })
            (await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder[$"view.{extension}"], new CsvFormat(), null, default)).Rows.ShouldBe(0);
        Query($"SELECT count(*) FROM read_parquet('{folder["view.parquet"]}')").Single().ShouldBe(["0"]);
        (await Should.ThrowAsync<ArgumentException>(() => new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", "view.xlsx", new CsvFormat(), null, default)))
            .Message.ShouldBe("'view.xlsx' ends with '.xlsx'; an export is a .parquet, .csv or .jsonl file.");
    }

    private void Trouble()
    {
        archive["plain"] = "A plain letter. Of two sentences.";
        archive["quiet"] = "MUTE letter of some words.";
        archive["locked"] = "LOCKED";
        archive["@formula"] = "=1+1 is a sum. Really; \"it\" is,\nisn't it.";
        archive["'quoted"] = "'Tis a quote. @home.";
        archive["accents/été 😀.txt"] = "L’été — « à la plage ». Œuvre n° 3.";
    }

    private const string LibreOffice = "/usr/bin/soffice";

    private const string Formulas = "Bonjour;=1+2;la mairie,=1+3,et \"=1+4\",\"=1+5\";\"=1+6\";|@SUM(1)|\t+1\t-1\n=1+7\n+8.";

    // A part and an export whose texts would run as formulas, at whatever delimiter a machine splits.
    private async Task<IReadOnlyList<string>> FormulasAsync(char delimiter)
    {
        using var one = new Archive();
        one["x;=3*4.txt"] = Formulas;
        one["y,=3*4.txt"] = "\"=1+2\";=1+9;";
        await one.RunAsync(plan => plan with { Formats = new OutputFormats { Csv = new CsvFormat(delimiter), Metadata = true } });
        string[] files = [folder[$"part-{(int)delimiter}.csv"], folder[$"export-{(int)delimiter}.csv"]];
        File.WriteAllBytes(files[0], one.Sink.Bytes(one.Sink.Names.Single(name => name.StartsWith("csv/", StringComparison.Ordinal))));
        await new Export(one.Sink, one.Ledger).ToFileAsync("letters", files[1], new CsvFormat(delimiter), null, default);
        return files;
    }

    private static int Formulae(string workbook)
    {
        using var zip = System.IO.Compression.ZipFile.OpenRead(workbook);
        using var sheet = new StreamReader(zip.GetEntry("xl/worksheets/sheet1.xml")!.Open());
        return System.Text.RegularExpressions.Regex.Count(sheet.ReadToEnd(), "<f[ >]");
    }

    private static RunPlan AllFormats(RunPlan plan) => plan with { Formats = new OutputFormats { Parquet = true, Csv = new CsvFormat(';', true) } };

    private void Unload()
    {
        foreach (var name in archive.Sink.Names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            File.WriteAllBytes(folder[name], archive.Sink.Bytes(name));
        }
    }

    private static string? Undefused(string? cell) => cell is null ? null : System.Text.RegularExpressions.Regex.Replace(cell, "(^|[,;\t|\r\n]\"*)'(?=[=+@-])", "$1");

    private static List<string?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string?[]>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? null : Convert.ToString(reader.GetValue(column), System.Globalization.CultureInfo.InvariantCulture))]);
        return rows;
    }
}
