using System.Globalization;
using System.Runtime.InteropServices;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The service as a service manager starts and stops it.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task AServiceStartedInTheNightRunsItsJobAndEndsInGoodOrder()
    {
        Configure("letters", folder["archive"]);
        Letters(5);
        using var service = WorkerProcess.Start(folder["state"], "service", "--config", folder["config"]);
        await UntilAsync(() => service.Errors.Contains("ended its run", StringComparison.Ordinal), service);
        var results = new ResultFolder(folder["results"], "letters");
        results.Rows().Count().ShouldBe(5);
        ((bool)results.Manifests().Single()["complete"]!).ShouldBeTrue();
        await UntilAsync(() => service.Errors.Contains("Job letters is scheduled; it opens next at", StringComparison.Ordinal), service);
        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
    }

    [Fact]
    public async Task AServiceThatIsStoppedInTheNightPublishesWhatIsInHand()
    {
        Configure("letters", folder["archive"]);
        Letters(3000);
        using var service = WorkerProcess.Start(folder["state"], "service", "--config", folder["config"]);
        var results = new ResultFolder(folder["results"], "letters");
        await UntilAsync(() => Directory.Exists(folder["results/letters/jsonl"]) && results.Parts("jsonl").Count > 0, service);
        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
        var manifest = results.Manifests().ShouldHaveSingleItem();
        ((bool)manifest["complete"]!).ShouldBeFalse();
        results.Rows().Count().ShouldBeInRange(1, 2999);
    }

    [Fact]
    public async Task AnAbsentSourceKeepsNoOtherJobFromItsNight()
    {
        Configure("letters", folder["archive"]);
        Configure("minutes", folder["away"]);
        Letters(3);
        using var service = WorkerProcess.Start(folder["state"], "service", "--config", folder["config"]);
        await UntilAsync(() => service.Errors.Contains("Job letters ended its run", StringComparison.Ordinal) && service.Errors.Contains("Job minutes is not fit to run", StringComparison.Ordinal), service);
        service.Errors.ShouldContain(folder["away"]);
        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
    }

    [Fact]
    public async Task AServiceWithoutAnyFitJobIsRefusedAtTheDoor()
    {
        Configure("minutes", folder["away"]);
        (await WorkerProcess.RunAsync(folder["state"], "service", "--config", folder["config"])).ShouldExit(2).Errors.ShouldContain(folder["away"]);
    }

    private static async Task UntilAsync(Func<bool> seen, WorkerProcess service)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            while (!seen())
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Not seen within ten minutes:\n{service.Errors}");
        }
    }

    // A night that is open now, whenever now is.
    private void Configure(string job, string source)
    {
        var now = TimeProvider.System.GetUtcNow();
        string Clock(int hours) => now.AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);
        folder.Write("config/appsettings.json", "{}");
        if (!Directory.Exists(folder["config/models"]))
        {
            Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
            Directory.CreateSymbolicLink(folder["config/labels"], Repository.At("config/labels"));
        }

        folder.Write($"config/jobs/{job}.json",
            $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ],
              "source": { "folder": { "path": "{{source}}" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "{{folder["results"]}}" } }
            """);
    }

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            folder.Write($"archive/letter-{number:0000}.txt", $"Letter number {number} to the mayor. It asks for a bench in the park and a pool for the sports club.");
    }
}
