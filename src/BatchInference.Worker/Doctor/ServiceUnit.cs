using BatchInference.Worker.Configuration;
using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Doctor;

/// <summary>Whether the installed unit of systemd lets the service do what the jobs ask for now.</summary>
internal static class ServiceUnit
{
    private const string Check = "service unit";

    /// <param name="configuration">Judged only where it is the one that the service reads.</param>
    /// <param name="root">The file system of the installation.</param>
    public static IEnumerable<Finding> Look(WorkerConfiguration configuration, string root = "/")
    {
        if (OperatingSystem.IsWindows() || configuration.Folders.Configuration != SystemdInstallation.ConfigurationFolder || new SystemdInstallation(root, AppContext.BaseDirectory).Shortcomings(configuration) is not { } shortcomings)
            yield break;
        yield return shortcomings.Count == 0
            ? new(Check, true, "lets the service write where its jobs do", null)
            : new(Check, false, string.Join("; ", shortcomings), $"sudo {SystemdInstallation.Name} install, then sudo systemctl restart {SystemdInstallation.Name} where it runs");
    }
}
