using System.Diagnostics;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The scripts and verbs that make a service of the program, on the file system of an image. They need root, as on an admin's machine.</summary>
public sealed class InstallTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string root;

    public InstallTests()
    {
        root = folder["root"];
        foreach (var table in (string[])["passwd", "group", "shadow", "gshadow"]) folder.Write($"root/etc/{table}", "");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task InstalledTwiceUpgradedAndRemovedNothingIsLeftButWhatTheAdminWrote()
    {
        await ScriptAsync("install/linux/install.sh", "--root", root, "--published", Published);
        folder.Write("root/etc/batch-inference/jobs/archives.json", """{ "source": { "folder": { "path": "/srv/in" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "/srv/out" } }""");
        folder.Write("root/etc/batch-inference/secrets/Mail__Password", "canary");
        folder.Write("root/etc/batch-inference/appsettings.json", "{ /* mine */ }");
        folder.Write("root/var/lib/batch-inference/ledger.db", "the ledger");

        await ScriptAsync("install/linux/install.sh", "--root", root, "--published", Published, "--upgrade");
        File.ReadAllText(folder["root/etc/batch-inference/appsettings.json"]).ShouldBe("{ /* mine */ }");
        File.ReadAllText(folder["root/etc/systemd/system/batch-inference.service"]).ShouldContain("ExecStart=/opt/batch-inference/batch-inference service");
        var opened = File.ReadAllText(folder["root/etc/systemd/system/batch-inference.service.d/10-jobs.conf"]);
        opened.ShouldContain("ReadWritePaths=-\"/srv/out\"");
        opened.ShouldContain("LoadCredential=Mail__Password:/etc/batch-inference/secrets/Mail__Password");
        File.ReadAllLines(folder["root/etc/passwd"]).ShouldHaveSingleItem().ShouldEndWith(":/usr/sbin/nologin");
        new FileInfo(folder["root/etc/systemd/system/multi-user.target.wants/batch-inference.service"]).LinkTarget.ShouldBe("/etc/systemd/system/batch-inference.service");
        Mode("root/etc/batch-inference/secrets").ShouldBe("700 0");
        Mode("root/var/lib/batch-inference").ShouldStartWith("750 ");
        Mode("root/var/lib/batch-inference").ShouldNotEndWith(" 0");

        await ScriptAsync("install/linux/install.sh", "--root", root, "--uninstall");
        File.ReadAllText(folder["root/var/lib/batch-inference/ledger.db"]).ShouldBe("the ledger");
        File.Exists(folder["root/etc/batch-inference/jobs/archives.json"]).ShouldBeTrue();
        Directory.Exists(folder["root/opt/batch-inference"]).ShouldBeFalse();
        File.Exists(folder["root/etc/systemd/system/batch-inference.service"]).ShouldBeFalse();
    }

    [Fact]
    public async Task PurgedOnlyTheAccountIsLeft()
    {
        var state = folder["state"];
        (await WorkerProcess.RunAsync(state, "install", "--root", root)).ShouldExit(0);
        (await WorkerProcess.RunAsync(state, "uninstall", "--purge", "--root", root)).ShouldExit(0);
        Directory.GetFileSystemEntries(root, "*batch-inference*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task ADryRunTellsTheStepsAndDoesNone()
    {
        (await WorkerProcess.RunAsync(folder["state"], "install", "--dry-run", "--root", root)).ShouldExit(0).Output.ShouldContain("useradd");
        File.ReadAllText(folder["root/etc/passwd"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task WhoIsNotRootIsToldSo()
    {
        string[] nobody = Environment.UserName == "root" ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
        using var worker = WorkerProcess.StartThrough("setpriv", nobody, folder["state"], "install", "--root", root);
        (await worker.EndAsync()).ShouldExit(2).Errors.ShouldContain("Only root may do this: put sudo before it.");
    }

    [Fact]
    public async Task ThePackageIsWithoutErrorsByLintianAndHoldsTheConfigurationAsTheAdminsOwn()
    {
        await ScriptAsync("install/linux/build-deb.sh", "--published", Published, "--to", folder["deb"], "--fast");
        var package = Directory.GetFiles(folder["deb"]).ShouldHaveSingleItem();
        var (code, output) = await RunAsync("lintian", "--fail-on", "error", "--allow-root", package);
        code.ShouldBe(0, output);
        (await RunAsync("dpkg-deb", "--info", package, "conffiles")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["/etc/batch-inference/appsettings.json", "/etc/batch-inference/jobs/demo.json"]);
    }

    private static string Published => Path.GetDirectoryName(WorkerProcess.Executable)!;

    private string Mode(string path) => RunAsync("stat", "-c", "%a %u", folder[path]).GetAwaiter().GetResult().Output.Trim();

    private static async Task ScriptAsync(string script, params string[] arguments)
    {
        var (code, output) = await RunAsync("bash", [Repository.At(script), .. arguments]);
        code.ShouldBe(0, output);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
