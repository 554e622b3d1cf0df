using System.Reflection;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Installation;

/// <summary>What makes the program a service of systemd, and what takes that back.</summary>
/// <param name="root">The file system that is installed into: <c>/</c>, or the folder of an image.</param>
/// <param name="programFolder">Where the program lies.</param>
internal sealed class SystemdInstallation(string root, string programFolder)
{
    /// <summary>Name of the service, of its account and of its folders.</summary>
    public const string Name = "batch-inference";

    /// <summary>Where the service keeps its books.</summary>
    public const string StateFolder = $"/var/lib/{Name}";

    /// <summary>Where its log files lie.</summary>
    public const string LogFolder = $"/var/log/{Name}";

    /// <summary>Where its configuration lies.</summary>
    public const string ConfigurationFolder = $"/etc/{Name}";

    /// <summary>Where its secrets lie, one file each.</summary>
    public const string SecretsFolder = $"{ConfigurationFolder}/secrets";

    private const string PackagedProgram = "/usr/lib/batch-inference/batch-inference";
    private const string CacheFolder = $"/var/cache/{Name}";
    private const string UnitFile = $"/etc/systemd/system/{Name}.service";
    private const string DropIn = $"/etc/systemd/system/{Name}.service.d/10-jobs.conf";

    // The unit hides these (ProtectHome, PrivateTmp), and the program with them.
    private static readonly string[] HiddenFolders = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

    private bool Booted => root == "/" && Directory.Exists("/run/systemd/system");

    /// <summary>The file of the unit as it is shipped.</summary>
    public static string ShippedUnit { get; } = ReadUnit();

    /// <summary>The steps that register the service. Each is made when the one before it is done: folders take the ids of an account that was made just now.</summary>
    /// <param name="configuration">What the drop-in opens to the service; null where it is wrong or not there yet.</param>
    /// <exception cref="ConfigurationException">The program lies where the service cannot see it.</exception>
    public IEnumerable<Step> Install(WorkerConfiguration? configuration)
    {
        var program = Seen(Path.Combine(programFolder, Name));
        if (HiddenFolders.FirstOrDefault(hidden => program.StartsWith(hidden, StringComparison.Ordinal)) is { } folder && root == "/")
            throw new ConfigurationException([$"{program} lies below {folder}, which the service may not see. Install it to /opt/batch-inference first (install/linux/install.sh does), and call that one."]);

        if (!HasAccount())
            yield return new RunProgram($"Making the account {Name}, which may not log in", "useradd",
                [.. InRoot("--prefix"), "--system", "--user-group", "--no-create-home", "--home-dir", StateFolder, "--shell", "/usr/sbin/nologin", "--comment", "BatchInference", Name]);
        yield return Folder("configuration", ConfigurationFolder, "0755", "root");
        yield return Folder("jobs", $"{ConfigurationFolder}/jobs", "0755", "root");
        yield return Folder("secrets, which only root may open", SecretsFolder, "0700", "root");
        foreach (var (what, made) in new[] { ("state", StateFolder), ("cache", CacheFolder), ("logs", LogFolder) })
            yield return Folder(what, made, "0750", Name);
        if (!IsPackaged())
            yield return new WriteFile($"Writing {UnitFile}", At(UnitFile), ShippedUnit.Replace(PackagedProgram, program, StringComparison.Ordinal));
        yield return new WriteFile($"Writing {DropIn}", At(DropIn), SystemdDropIn.Text(configuration, Secrets()));
        if (Booted)
            yield return new RunProgram("Telling systemd", "systemctl", "daemon-reload");
        yield return new RunProgram("Enabling the service: it starts with the machine", "systemctl", [.. InRoot("--root"), "--quiet", "enable", $"{Name}.service"]);
    }

    /// <summary>The steps that take it back. Configuration, state and results stay; purged, only the results and the account that they belong to.</summary>
    public IEnumerable<Step> Uninstall(bool purge)
    {
        if (Booted)
            yield return new RunProgram("Stopping the service: what is in hand is published", "systemctl", "stop", $"{Name}.service") { MayFail = true };
        yield return new RunProgram("Disabling the service", "systemctl", [.. InRoot("--root"), "--quiet", "disable", $"{Name}.service"]) { MayFail = true };
        yield return new Remove($"Removing {UnitFile}", At(UnitFile));
        yield return new Remove($"Removing {DropIn}", At(DropIn));
        if (Booted)
            yield return new RunProgram("Telling systemd", "systemctl", "daemon-reload");
        if (!purge)
            yield break;
        foreach (var folder in (string[])[Path.GetDirectoryName(DropIn)!, ConfigurationFolder, StateFolder, CacheFolder, LogFolder])
            yield return new Remove($"Removing {folder}", At(folder));
    }

    /// <summary>What the drop-in of the installation lacks for the jobs as they are now; null where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public IReadOnlyList<string>? Shortcomings(WorkerConfiguration configuration) => File.Exists(At(DropIn)) ? SystemdDropIn.Shortcomings(File.ReadAllText(At(DropIn)), configuration, SecretsSeen()) : null;

    private bool HasAccount() => File.Exists(At("/etc/passwd")) && File.ReadLines(At("/etc/passwd")).Any(line => line.StartsWith($"{Name}:", StringComparison.Ordinal));

    private RunProgram Folder(string what, string path, string mode, string owner) =>
        new($"Making the folder of the {what}, {path}", "install", "-d", "-m", mode, "-o", IdOf(owner, "passwd"), "-g", IdOf(owner, "group"), At(path));

    // Accounts of an image are not those of the machine that makes it.
    private string IdOf(string name, string table)
    {
        var line = File.Exists(At($"/etc/{table}")) ? File.ReadLines(At($"/etc/{table}")).FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.Ordinal)) : null;
        return line?.Split(':')[2] ?? name;
    }

    private bool IsPackaged() => File.Exists(At($"/lib/systemd/system/{Name}.service")) || File.Exists(At($"/usr/lib/systemd/system/{Name}.service"));

    // What editors leave behind is no secret.
    private string[] Secrets() => Directory.Exists(At(SecretsFolder))
        ? [.. Directory.GetFiles(At(SecretsFolder)).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith('.') && !name.EndsWith('~')).Order(StringComparer.Ordinal)]
        : [];

    // Only root may look into their folder.
    private string[]? SecretsSeen()
    {
        try
        {
            return Secrets();
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string[] InRoot(string option) => root == "/" ? [] : [option, root];

    // As the image sees it.
    private string Seen(string path) => root != "/" && path.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal) ? path[root.TrimEnd('/').Length..] : path;

    private string At(string path) => Path.Combine(root, path.TrimStart('/'));

    private static string ReadUnit()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Name}.service")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
