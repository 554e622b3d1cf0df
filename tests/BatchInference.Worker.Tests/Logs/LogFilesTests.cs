using System.Text.Json.Nodes;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Logs;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Tests.Logs;

public sealed class LogFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AFactIsOneLineWhateverStandsInIt()
    {
        Write(new LogFileSettings(), logger =>
        {
            logger.Unfit("letters", "a name with\na break\r\nand\u2028more");
            logger.NightFailed(new InvalidOperationException("broken\nbadly"), "letters");
        });
        var lines = File.ReadAllLines(Files().Single());
        lines.Length.ShouldBe(2);
        lines[0].ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ERROR A\.Part\[104\] Job letters is not fit to run, and is looked at again in its night: a name with a break  and more$");
        lines[1].ShouldContain("Job letters could not run this night System.InvalidOperationException: broken badly");
    }

    [Fact]
    public void AsJsonEachFactIsAnObjectWithItsIds()
    {
        Write(new LogFileSettings { Format = "json" }, logger => logger.Opened("letters", new DateOnly(2026, 11, 25), new DateTimeOffset(2026, 11, 26, 5, 0, 0, TimeSpan.Zero)));
        var line = JsonNode.Parse(File.ReadAllLines(Files().Single()).Single())!;
        ((string)line["Job"]!).ShouldBe("letters");
        ((string)line["@m"]!).ShouldContain("opened for the night of");
        ((int)line["EventId"]!["Id"]!).ShouldBe(103);
    }

    [Fact]
    public void AFullFileIsFollowedByAnotherAndTheOldestGo()
    {
        Write(new LogFileSettings { Megabytes = 1, Keep = 3 }, logger =>
        {
            for (var line = 0; line < 60; line++)
                logger.Unfit("letters", new string('x', 100_000));
        });
        var files = Files();
        files.Length.ShouldBe(3);
        // The line that fills a file is written whole.
        files.ShouldAllBe(path => new FileInfo(path).Length < 1024 * 1024 + 110_000);
        files.ShouldNotContain(path => path.EndsWith(".log", StringComparison.Ordinal) && !path.Contains('_', StringComparison.Ordinal), "the first was removed");
    }

    [Fact]
    public void TheFolderIsGivenElseTheServiceManagersElseInTheStateFolder()
    {
        LogFiles.FolderOf(new LogFileSettings { Folder = folder["mine"] }, folder["state"], _ => "/var/log/other").ShouldBe(folder["mine"]);
        LogFiles.FolderOf(new LogFileSettings(), folder["state"], name => name == "LOGS_DIRECTORY" ? "/var/log/batch-inference:/var/log/more" : null).ShouldBe("/var/log/batch-inference");
        LogFiles.FolderOf(new LogFileSettings(), folder["state"], _ => null).ShouldBe(folder["state/log"]);
        LogFiles.OfState("/var/lib/batch-inference", onWindows: false).ShouldBe("/var/log/batch-inference");
        LogFiles.OfState(folder["BatchInference/state"], onWindows: true).ShouldBe(folder["BatchInference/logs"]);
        LogFiles.OfState(folder["other/state"], onWindows: true).ShouldBe(folder["other/state/log"]);
    }

    private string[] Files() => [.. Directory.GetFiles(folder["log"]).Order(StringComparer.Ordinal)];

    private void Write(LogFileSettings settings, Action<ILogger> write)
    {
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(LogFiles.Open(settings, folder["log"], "service")));
        write(factory.CreateLogger("A.Part"));
    }
}
