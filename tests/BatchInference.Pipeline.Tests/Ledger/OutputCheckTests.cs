using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BatchInference.Pipeline.Tests;

public sealed class OutputCheckTests : IDisposable
{
    private readonly Archive archive = new();

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task PartsThatAreAsRecordedAreNotTold()
    {
        Letters(12);
        await archive.RunAsync();
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task MissingAlteredAndForeignPartsAreTold()
    {
        Letters(12);
        await archive.RunAsync();
        var parts = archive.Sink.Names.Where(name => name.StartsWith("jsonl/", StringComparison.Ordinal)).ToArray();
        archive.Sink.Remove(parts[0]);
        archive.Sink.Put(parts[1], archive.Sink.Text(parts[1]) + " ");
        const string foreign = "jsonl/run_date=2020-01-01/part-20200101T000000Z-0000-00000.jsonl";
        archive.Sink.Put(foreign, "{}\n");
        (await FindAsync()).Select(found => (found.Fault, found.Name, found.Documents)).ShouldBe([(PartFault.Missing, parts[0], 4), (PartFault.Altered, parts[1], 4), (PartFault.Foreign, foreign, 0)]);
    }

    [Fact]
    public async Task APartWhoseRowsAreAllSupersededIsMissedByNobody()
    {
        Letters(3);
        await archive.RunAsync();
        var first = archive.Sink.Names.Single(name => name.StartsWith("jsonl/", StringComparison.Ordinal));
        await archive.RunAsync(plan => plan with { Again = true });
        archive.Sink.Remove(first);
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task APartOfARunThatWasCutOffIsLeftToTheNextRun()
    {
        Letters(12);
        await archive.DieAsync(name => name.EndsWith("00001.parquet", StringComparison.Ordinal), plan => plan with { Formats = new OutputFormats { Parquet = true } });
        (await FindAsync()).Select(found => found.Fault).Distinct().ShouldBe([PartFault.Unrecorded]);
        await archive.RunAsync();
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheManifestHasTheHashesOfWhatDerivesFromAPart()
    {
        Letters(12);
        await archive.RunAsync(AllFormats);
        ManifestsAgree(6);
    }

    [Fact]
    public async Task TheManifestHasTheSameHashesWhenTheRunWasCutOff()
    {
        Letters(12);
        await archive.DieAsync(name => name.EndsWith("00001.csv", StringComparison.Ordinal), AllFormats);
        await archive.RunAsync(AllFormats);
        ManifestsAgree(6);
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task DerivedFilesThatAreMissingOrAlteredAreToldAndMadeAgain()
    {
        Letters(12);
        await archive.RunAsync(AllFormats);
        var parquet = Names("parquet/");
        var csv = Names("csv/");
        string[] Hashes() => [.. archive.Sink.Names.Select(name => $"{name} {Convert.ToHexString(SHA256.HashData(archive.Sink.Bytes(name)))}")];
        var before = Hashes();
        archive.Sink.Put(parquet[0], "garbage");
        archive.Sink.Put(csv[1], archive.Sink.Text(csv[1]).Replace("topic", "tropic", StringComparison.Ordinal));
        archive.Sink.Remove(csv[2]);
        var found = await FindAsync();
        found.Select(one => (one.Fault, one.Name)).ShouldBe([(PartFault.DerivedAltered, parquet[0]), (PartFault.DerivedAltered, csv[1]), (PartFault.DerivedMissing, csv[2])]);
        foreach (var finding in found)
            await new OutputCheck(archive.Sink, archive.Ledger).MakeAgainAsync(finding, default);
        Hashes().ShouldBe(before);
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AFileMadeAgainByALaterProgramIsWhatItsPartGives()
    {
        Letters(2);
        await archive.RunAsync(AllFormats);
        var manifest = archive.Sink.Names.Single(name => name.EndsWith("manifest.json", StringComparison.Ordinal));
        archive.Sink.Put(manifest, Regex.Replace(archive.Sink.Text(manifest), "\"sha256\": \"[0-9a-f]", "\"sha256\": \"x"));
        (await FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task FilesOfAProgramThatWroteDownNoHashesAreNotBlamed()
    {
        Letters(2);
        await archive.RunAsync(AllFormats);
        var manifest = archive.Sink.Names.Single(name => name.EndsWith("manifest.json", StringComparison.Ordinal));
        archive.Sink.Put(manifest, archive.Sink.Text(manifest).Replace("\"files\"", "\"other\"", StringComparison.Ordinal));
        (await FindAsync()).ShouldBeEmpty();
        archive.Sink.Put(Names("csv/")[0], "As another program writes it.");
        (await FindAsync()).Select(one => one.Fault).ShouldBe([PartFault.DerivedUnknown]);
        (await FindAsync("0.0.0-test")).Select(one => one.Fault).ShouldBe([PartFault.DerivedAltered]);
    }

    [Fact]
    public async Task AForeignFileThatReadersOfAllNightsWouldFindIsTold()
    {
        Letters(2);
        await archive.RunAsync();
        string[] foreign = ["parquet/run_date=2026-11-23/forged.parquet", Names("jsonl/")[0].Replace("jsonl", "csv", StringComparison.Ordinal)];
        foreach (var name in foreign)
            archive.Sink.Put(name, "forged");
        archive.Sink.Put("parquet/run_date=2026-11-23/.DS_Store", "");
        (await FindAsync()).Select(one => (one.Fault, one.Name)).ShouldBe(foreign.Select(name => (PartFault.Foreign, name)));
    }

    [Fact]
    public async Task TextsThatAreMissingOrDoNotHoldTheirQuotesAreTold()
    {
        Letters(12);
        archive["locked"] = "LOCKED";
        var formats = new OutputFormats { Text = true };
        await archive.RunAsync(plan => plan with { Formats = formats });
        (await FindAsync()).ShouldBeEmpty();
        var texts = archive.Rows.Where(row => row.Document.StartsWith("letter-0", StringComparison.Ordinal)).OrderBy(row => row.Document, StringComparer.Ordinal).Select(row => $"text/{row.Sha256![..2]}/{row.Sha256}.txt").ToArray();
        archive.Sink.Remove(texts[0]);
        archive.Sink.Put(texts[1], archive.Sink.Text(texts[1]) + "!");
        archive.Sink.Put(texts[5], archive.Sink.Text(texts[5]).Replace("bench", "beach", StringComparison.Ordinal));
        var found = await FindAsync();
        found.Select(one => (one.Fault, one.Name, one.Documents)).ShouldBe([(PartFault.TextMissing, texts[0], 1), (PartFault.TextAltered, texts[1], 1), (PartFault.TextAltered, texts[5], 1)]);

        // Done again, each has a text that is right, without one being written over.
        foreach (var finding in found)
            await archive.Ledger.RedoAsync(finding.Part!, default);
        await archive.RunAsync(plan => plan with { Formats = formats });
        (await FindAsync()).ShouldBeEmpty();
        archive.Sink.Text(texts[1]).ShouldEndWith("!");
    }

    private string[] Names(string start) => [.. archive.Sink.Names.Where(name => name.StartsWith(start, StringComparison.Ordinal))];

    // By hashes of our own over what lies there.
    private void ManifestsAgree(int count)
    {
        var parts = Names("_runs/").Where(name => name.EndsWith("manifest.json", StringComparison.Ordinal))
            .SelectMany(name => JsonDocument.Parse(archive.Sink.Text(name)).RootElement.GetProperty("parts").EnumerateArray()).ToArray();
        var files = parts.SelectMany(part => part.GetProperty("files").EnumerateArray()).ToArray();
        files.Length.ShouldBe(count);
        files.Select(file => file.GetProperty("file").GetString()).ShouldBe(parts.SelectMany(part => part.GetProperty("derived").EnumerateArray()).Select(name => name.GetString()));
        foreach (var file in files)
        {
            var bytes = archive.Sink.Bytes(file.GetProperty("file").GetString()!);
            (file.GetProperty("bytes").GetInt64(), file.GetProperty("sha256").GetString()).ShouldBe((bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }
    }

    private static RunPlan AllFormats(RunPlan plan) => plan with { Formats = new OutputFormats { Parquet = true, Csv = new CsvFormat() } };

    private async Task<IReadOnlyList<PartFinding>> FindAsync(string? version = null) =>
        await new OutputCheck(archive.Sink, archive.Ledger) { ProgramVersion = version }.RunAsync("letters", default).ToListAsync();

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            archive[$"letter-{number:00}"] = $"Letter number {number} to the mayor. It asks for a bench in the park.";
    }
}
