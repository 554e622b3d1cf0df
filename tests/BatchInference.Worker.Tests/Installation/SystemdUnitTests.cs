using System.Diagnostics;
using System.Text.Json.Nodes;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Tests.Installation;

/// <summary>The unit as systemd itself judges it.</summary>
public sealed class SystemdUnitTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void SystemdKnowsEveryKeyOfTheUnitAndOfItsDropIn()
    {
        var unit = Write();
        // It returns 0 for keys that it does not know; any word of it is a failure.
        Analyze("verify", "--man=no", unit).ShouldBe((0, ""));
    }

    [Fact]
    public void AMisspeltKeyOfTheUnitWouldBeSeen()
    {
        var unit = Write(text => text.Replace("ProtectHostname=", "ProtectHostnames=", StringComparison.Ordinal));
        Analyze("verify", "--man=no", unit).Output.ShouldContain("ProtectHostnames");
    }

    [Fact]
    public void TheServiceIsExposedByAtMostTwoOfTenPoints()
    {
        var (code, output) = Analyze("security", "--offline=true", "--threshold=20", "--no-pager", Write());
        code.ShouldBe(0, output);
    }

    [Fact]
    public void TheDropInOpensTheFoldersOfEnabledJobsAndGivesTheCredentials() =>
        SystemdDropIn.Text(Jobs(("archives", "/srv/my results", true), ("letters", "/srv/100%", true), ("demo", "results", true), ("old", "/srv/old", false)), ["Mail__Password"])
            .Split('\n').Skip(1).ShouldBe(["[Service]", "ReadWritePaths=-\"/srv/100%%\"", "ReadWritePaths=-\"/srv/my results\"", "LoadCredential=Mail__Password:/etc/batch-inference/secrets/Mail__Password", ""]);

    [Fact]
    public void TheFoldersByWhichItIsWatchedAreOpenedToo()
    {
        var configuration = Jobs(("archives", "/srv/results", true));
        configuration = configuration with
        {
            Settings = configuration.Settings with
            {
                Logging = new LoggingSettings { Files = new LogFileSettings { Folder = "/var/log/archives" } },
                Health = new HealthSettings { File = "/run/archives/health.json" },
                Telemetry = new TelemetrySettings { PrometheusFile = "/var/lib/prometheus/node-exporter/archives.prom" },
            },
        };
        SystemdDropIn.Text(configuration, []).Split('\n').Where(line => line.StartsWith("ReadWritePaths", StringComparison.Ordinal))
            .ShouldBe(["ReadWritePaths=-\"/run/archives\"", "ReadWritePaths=-\"/srv/results\"", "ReadWritePaths=-\"/var/lib/prometheus/node-exporter\"", "ReadWritePaths=-\"/var/log/archives\""]);
    }

    [Fact]
    public void ADropInThatWasMadeFromOtherJobsAndSecretsIsToldWithWhatItStops()
    {
        var before = SystemdDropIn.Text(Jobs(("archives", "/srv/my results", true)), ["Gone", "Stays"]);
        var now = Jobs(("archives", "/srv/my results", true), ("letters", "/srv/100%", true));
        SystemdDropIn.Shortcomings(before, now, ["New", "Stays"]).ShouldBe(
        [
            "\"/srv/100%%\" is not opened to the service, which cannot write there",
            "the secret New is not handed to the service",
            "the secret Gone is gone, and systemd does not start the service without it",
        ]);
        // Who may not see the secrets judges the folders alone; what the file opens beyond need is no fault.
        SystemdDropIn.Shortcomings(before, now, secrets: null).ShouldBe(["\"/srv/100%%\" is not opened to the service, which cannot write there"]);
        SystemdDropIn.Shortcomings(before, Jobs(("archives", "/srv/my results", true)), ["Gone", "Stays"]).ShouldBeEmpty();
        SystemdDropIn.Shortcomings(before, Jobs(), secrets: null).ShouldBeEmpty();
    }

    private string Write(Func<string, string>? change = null)
    {
        var text = SystemdInstallation.ShippedUnit.Replace("/usr/lib/batch-inference/batch-inference", "/bin/true", StringComparison.Ordinal);
        folder.Write("batch-inference.service.d/10-jobs.conf", SystemdDropIn.Text(Jobs(("archives", "/srv/my results", true)), ["Mail__Password"]));
        return folder.Write("batch-inference.service", change?.Invoke(text) ?? text);
    }

    private static WorkerConfiguration Jobs(params (string Name, string Output, bool Enabled)[] jobs) => new(
        new Folders("/etc/batch-inference", "/var/lib/batch-inference", "/usr/share/batch-inference"), new AppSettings(),
        jobs.ToDictionary(job => job.Name, job => new JobSettings { Name = job.Name, Enabled = job.Enabled, Written = new JsonObject(), Output = new OutputSettings { Folder = job.Output } }));

    private static (int Code, string Output) Analyze(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("systemd-analyze", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result + errors);
    }
}
