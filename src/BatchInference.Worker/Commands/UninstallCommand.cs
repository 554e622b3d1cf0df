using System.CommandLine;
using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Commands;

/// <summary><c>uninstall</c>: takes back what <c>install</c> did.</summary>
internal static class UninstallCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var root = InstallCommand.RootOption();
        var dryRun = InstallCommand.DryRunOption();
        var purge = new Option<bool>("--purge") { Description = "Also remove configuration, secrets, ledger and logs; results are never removed" };
        var command = new Command("uninstall", "Stop the service and take it from the service manager; configuration, ledger and results stay.\n\nExample:\n  sudo batch-inference uninstall") { root, purge, dryRun };
        command.SetAction((parsed, token) =>
        {
            var steps = OperatingSystem.IsWindows()
                ? new WindowsInstallation(surroundings.ProgramFolder, InstallCommand.WindowsData).Uninstall(parsed.GetValue(purge))
                : new SystemdInstallation(parsed.GetValue(root)!, surroundings.ProgramFolder).Uninstall(parsed.GetValue(purge));
            return InstallCommand.ApplyAsync(steps, parsed.GetValue(dryRun), surroundings, token);
        });
        return command;
    }
}
