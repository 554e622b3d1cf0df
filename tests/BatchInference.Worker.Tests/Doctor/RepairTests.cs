using System.Runtime.Versioning;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Doctor;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Worker.Tests.Doctor;

/// <summary>What <c>doctor --fix</c> mends, and what it leaves.</summary>
[SupportedOSPlatform("linux")]
public sealed class RepairTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FilesAreClosedToThoseWhoHaveNoBusinessInThem()
    {
        var settings = folder.Write("config/appsettings.json", "{}");
        var job = folder.Write("config/jobs/letters.json", "{}");
        var secret = folder.Write("secrets/PGPASSWORD", "canary");
        Directory.CreateDirectory(folder["state/log"]);
        File.SetUnixFileMode(settings, (UnixFileMode)0b110_110_110);
        File.SetUnixFileMode(job, (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(secret, (UnixFileMode)0b110_100_100);

        Repair().ShouldBe([
            Finding.Done("permissions", $"nobody but owner and group may change {settings} any more"),
            Finding.Done("secret files", $"nobody but owner and group may read {secret} any more"),
        ]);
        File.GetUnixFileMode(settings).ShouldBe((UnixFileMode)0b110_110_100);
        File.GetUnixFileMode(job).ShouldBe((UnixFileMode)0b110_100_100);
        File.GetUnixFileMode(secret).ShouldBe((UnixFileMode)0b110_100_000);
        Repair().ShouldBeEmpty();
    }

    [Fact]
    public void MissingFoldersAreMadeForOwnerAndGroup()
    {
        folder.Write("config/appsettings.json", "{}");
        Repair(("letters", folder["results/a"], true), ("off", folder["results/b"], false)).ShouldBe([
            Finding.Done("state folder", $"made {folder["state"]}"),
            Finding.Done("log files", $"made {folder["state/log"]}"),
            Finding.Done("job letters: output", $"made {folder["results/a"]}"),
        ]);
        File.GetUnixFileMode(folder["results/a"]).ShouldBe((UnixFileMode)0b111_101_000);
        Directory.Exists(folder["results/b"]).ShouldBeFalse();
    }

    [Fact]
    public void WhatAKilledProcessLeftIsRemovedWhenItIsOldAndNobodyRuns()
    {
        folder.Write("config/appsettings.json", "{}");
        Directory.CreateDirectory(folder["state/log"]);
        var reading = Path.Combine(folder["tmp"], "batch-inference-reading-x1y2");
        Directory.CreateDirectory(reading);
        var others = folder.Write("tmp/reading-list.txt", "another program's");
        var probe = folder.Write($"state/.probe-{Guid.NewGuid():N}", "");
        var copy = folder.Write("state/ledger.version-3.db.x1y2.tmp", "");
        var ledger = folder.Write("state/ledger.db", "the books");
        var archive = folder.Write("state/batch-inference-backup.tar", "the admin's");
        var half = Path.Combine(folder["results/a"], $".probe-{Guid.NewGuid():N}");
        Directory.CreateDirectory(half);
        Repair(("letters", folder["results/a"], true)).ShouldBeEmpty();

        time.Advance(TimeSpan.FromDays(2));
        Repair(running: true, ("letters", folder["results/a"], true)).ShouldBeEmpty();
        string Left(string path) => $"removed {path}, which a process left that was killed";
        Repair(("letters", folder["results/a"], true)).ShouldBe([Finding.Done("temporary files", Left(reading)), Finding.Done("temporary files", Left(probe)), Finding.Done("temporary files", Left(copy)), Finding.Done("temporary files", Left(half))]);
        (File.Exists(ledger), File.Exists(archive), File.Exists(others), File.Exists(probe), Directory.Exists(half), Directory.Exists(reading)).ShouldBe((true, true, true, false, false, false));
    }

    private IReadOnlyList<Finding> Repair(params (string Name, string Output, bool Enabled)[] jobs) => Repair(false, jobs);

    private IReadOnlyList<Finding> Repair(bool running, params (string Name, string Output, bool Enabled)[] jobs) => [.. new Repair(
        new WorkerConfiguration(new Folders(folder["config"], folder["state"], folder["config"]), new AppSettings(),
            jobs.ToDictionary(job => job.Name, job => new JobSettings { Name = job.Name, Enabled = job.Enabled, Output = new OutputSettings { Folder = job.Output } })),
        name => name == "BATCHINFERENCE_SECRETS" ? folder["secrets"] : null, folder["tmp"], time, running).Run()];
}
