using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Installation;

/// <summary>The file beside the unit that opens to the service what its jobs need: folders to write, secrets.</summary>
internal static class SystemdDropIn
{
    private const string Folder = "ReadWritePaths=", Secret = "LoadCredential=";

    /// <summary>What is to stand in it.</summary>
    /// <param name="configuration">The jobs; null opens nothing.</param>
    /// <param name="secrets">Names of the files in the service's folder of secrets.</param>
    public static string Text(WorkerConfiguration? configuration, IEnumerable<string> secrets)
    {
        var folders = (configuration?.Jobs.Values ?? []).Where(job => job.Enabled).Select(job => job.Output.Folder).Concat(configuration is null ? [] : WatchedFolders.Of(configuration.Settings)).OfType<string>().Where(Path.IsPathRooted).Distinct().Order(StringComparer.Ordinal);
        // The minus lets the service start while a share is away; its jobs tell of it.
        return string.Join('\n',
        [
            $"# Made by `{SystemdInstallation.Name} install` from the jobs and the files of {SystemdInstallation.SecretsFolder}; run it again after a change of either. For your own settings: systemctl edit {SystemdInstallation.Name}",
            "[Service]",
            .. folders.Select(folder => $"{Folder}-\"{Escaped(folder)}\""),
            .. secrets.Select(name => $"{Secret}{name}:{SystemdInstallation.SecretsFolder}/{name}"),
            "",
        ]);
    }

    /// <summary>What stops a night, or the service, where the file was made from other jobs or secrets than there are now.</summary>
    /// <param name="there">The file as it is.</param>
    /// <param name="configuration">The jobs.</param>
    /// <param name="secrets">As for <see cref="Text"/>; null where this account may not see them, and they are not judged.</param>
    public static IReadOnlyList<string> Shortcomings(string there, WorkerConfiguration configuration, IReadOnlyCollection<string>? secrets)
    {
        var has = there.Split('\n').ToHashSet(StringComparer.Ordinal);
        var missing = Text(configuration, secrets ?? []).Split('\n').Where(line => !has.Contains(line)).ToArray();
        return
        [
            .. Values(Folder, missing).Select(folder => $"{folder.TrimStart('-')} is not opened to the service, which cannot write there"),
            .. Values(Secret, missing).Select(secret => $"the secret {NameOf(secret)} is not handed to the service"),
            .. Values(Secret, secrets is null ? [] : has).Where(secret => !secrets!.Contains(NameOf(secret))).Select(secret => $"the secret {NameOf(secret)} is gone, and systemd does not start the service without it"),
        ];

        static IEnumerable<string> Values(string key, IEnumerable<string> lines) => lines.Where(line => line.StartsWith(key, StringComparison.Ordinal)).Select(line => line[key.Length..]);
        static string NameOf(string secret) => secret.Split(':')[0];
    }

    // % begins a specifier in units.
    private static string Escaped(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal);
}
