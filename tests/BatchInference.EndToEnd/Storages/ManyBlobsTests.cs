using System.Globalization;
using Azure.Storage.Blobs;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>A container of many blobs costs no more memory than a folder of a handful of documents. Linux only: it reads <c>VmHWM</c>.</summary>
public sealed class ManyBlobsTests(ITestOutputHelper output)
{
    private const long MostBesideTheModel = 200L << 20;

    // The emulator takes and gives some hundreds a second.
    private static readonly int Blobs = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 5000 : 500;

    [Fact]
    public async Task ManyBlobsAreListedAndReadInTheMemoryOfAHandfulOfDocuments()
    {
        using var azurite = await Azurite.StartAsync();
        var container = new BlobContainerClient(azurite.ConnectionString, "deposits", new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05));
        await container.CreateAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Blobs), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, token) =>
            await container.GetBlobClient(string.Create(CultureInfo.InvariantCulture, $"2026/{number / 100:D3}/{number:D6}.txt")).UploadAsync(new BinaryData(Text(number)), token));

        using var archive = new TinyArchive(5);
        // The same texts: what a reading process loads for the first of their kind is no matter of their number.
        foreach (var (number, file) in Directory.GetFiles(archive.Folder["archive"], "*", SearchOption.AllDirectories).Index())
            await File.WriteAllTextAsync(file, Text(number));
        var (few, fewReading) = await PeakAsync(archive, "few", []);
        archive.Folder.Write("config/jobs/letters.json", $$"""
            { "source": { "azureBlob": { "container": "deposits" } }, "tasks": { "topic": { "classify": { "model": "tiny" } } }, "output": { "folder": "{{archive.Folder["many"]}}", "formats": ["jsonl", "parquet"] } }
            """);
        var (many, manyReading) = await PeakAsync(archive, "of-many", new() { ["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"most resident: a folder of 5 documents {few >> 20} MB (+ {fewReading >> 20} MB in reading processes), {Blobs} blobs {many >> 20} MB (+ {manyReading >> 20} MB)"));
        new ResultFolder(archive.Folder["many"], "letters").Rows().Count().ShouldBe(Blobs);
        (many + manyReading - few - fewReading).ShouldBeLessThanOrEqualTo(MostBesideTheModel);
    }

    private static string Text(int number) => $"Le conseil municipal a adopté le budget numéro {number}. Les travaux de l'école commenceront en mars.";

    // The most that the program and, all at once, its reading processes had resident.
    private static async Task<(long Program, long Reading)> PeakAsync(TinyArchive archive, string node, Dictionary<string, string> environment)
    {
        var (program, reading) = (0L, 0L);
        using var worker = archive.Start(node, environment);
        var ended = worker.EndAsync();
        while (!ended.IsCompleted)
        {
            program = Math.Max(program, Status(worker.Id, "VmHWM:"));
            reading = Math.Max(reading, Children(worker.Id).Sum(child => Status(child, "VmRSS:")));
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
        }

        (await ended).ShouldExit(0);
        program.ShouldBeGreaterThan(0);
        return (program, reading);
    }

    private static IEnumerable<int> Children(int process)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{process}/task").SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Status(int process, string field)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) is { } line
                ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024
                : 0;
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }
}
