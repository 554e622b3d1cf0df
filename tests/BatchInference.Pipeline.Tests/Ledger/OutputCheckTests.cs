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

    private async Task<IReadOnlyList<PartFinding>> FindAsync() => await new OutputCheck(archive.Sink, archive.Ledger).RunAsync("letters", default).ToListAsync();

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            archive[$"letter-{number:00}"] = $"Letter number {number} to the mayor. It asks for a bench in the park.";
    }
}
