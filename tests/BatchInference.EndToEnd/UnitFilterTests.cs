using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The published program, and all that it starts, under the system calls, address families and namespaces that the unit leaves it: <c>confined.py</c> loads the filters that systemd would make of it.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class UnitFilterTests : IDisposable
{
    private static readonly string Confined = Repository.At("tests/BatchInference.EndToEnd/confined.py");

    private readonly TinyArchive archive = new(1);

    private TempFolder Folder => archive.Folder;

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task EveryKindOfReaderWorksUnderTheFiltersOfTheUnit()
    {
        // PDF and Word here; a page and a fax through Poppler and Tesseract; the old Word through LibreOffice.
        foreach (var file in (string[])["files/rapport.office.pdf", "files/rapport.office.docx", "scans/rapport-gris.pdf", "scans/lettre-300dpi.png", "files/rapport.office.doc", "files/both.7z"])
            File.Copy(Repository.At($"tests/fixtures/documents/{file}"), Path.Combine(Folder["archive"], Path.GetFileName(file)));
        using var worker = Start(Repository.At("install/linux/batch-inference.service"));
        (await worker.EndAsync()).ShouldExit(0);
        var rows = archive.Results.Rows().ToDictionary(row => (string)row["document"]!);
        foreach (var name in (string[])["rapport.office.pdf", "rapport.office.docx", "rapport-gris.pdf", "lettre-300dpi.png", "rapport.office.doc"])
        {
            ((string)rows[name]["status"]!).ShouldBe("completed", rows[name].ToJsonString());
            ((int)rows[name]["characters"]!).ShouldBeGreaterThan(500, name);
        }

        rows.Keys.ShouldContain(name => name.StartsWith("both.7z!/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AUnitThatTakesTooMuchAwayIsNoticed()
    {
        // What @resources would take from .NET and from the reading processes.
        var unit = Folder.Write("narrow.service", File.ReadAllText(Repository.At("install/linux/batch-inference.service")).Replace("SystemCallFilter=sched_setaffinity setrlimit seccomp\n", "", StringComparison.Ordinal));
        using var worker = Start(unit);
        (await worker.EndAsync()).ExitCode.ShouldNotBe(0);
    }

    // Without any privilege, as the service has none.
    private WorkerProcess Start(string unit)
    {
        using var open = System.Diagnostics.Process.Start("sh", ["-ec", $"mkdir -p '{Folder["state"]}' '{Folder["home"]}' && chmod -R a+rwX '{Folder.Path}' && chown -R 65534:65534 '{Folder["state"]}'"]);
        open.WaitForExit();
        return WorkerProcess.StartThrough("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "/usr/bin/python3", Confined, unit], Folder["state"], new Dictionary<string, string> { ["HOME"] = Folder["home"] }, "run", "letters", "--config", Folder["config"]);
    }
}
