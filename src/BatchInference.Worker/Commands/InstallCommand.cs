using System.CommandLine;
using System.Diagnostics;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Commands;

/// <summary><c>install</c>: makes the program a service of this machine.</summary>
internal static class InstallCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var root = RootOption();
        var dryRun = DryRunOption();
        var command = new Command("install", "Register the service with systemd or the Windows service manager: account, folders, unit, recovery. May be run again, and is after a job got another output folder or a secret was added.\n\nExample:\n  sudo batch-inference install") { root, dryRun };
        command.SetAction(async (parsed, token) =>
        {
            if (OperatingSystem.IsWindows())
                return await ApplyAsync(new WindowsInstallation(surroundings.ProgramFolder, WindowsData).Install(IsRegistered()), parsed.GetValue(dryRun), surroundings, token);
            var configuration = Configuration(surroundings, parsed, parsed.GetValue(root)!, out var wrong);
            var code = await ApplyAsync(new SystemdInstallation(parsed.GetValue(root)!, surroundings.ProgramFolder).Install(configuration), parsed.GetValue(dryRun), surroundings, token);
            await surroundings.Output.WriteLineAsync(wrong is null
                ? "Next: batch-inference doctor, then systemctl start batch-inference."
                : $"The configuration is not usable yet, so the service was given no folder to write to. When it is, run the same command again.{Environment.NewLine}{wrong.Message}");
            return code;
        });
        return command;
    }

    /// <summary>Where the service's folders are on Windows.</summary>
    internal static string WindowsData => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "BatchInference");

    internal static Option<string> RootOption() => new("--root")
    {
        Description = "Linux: the file system to install into, to make an image",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/",
    };

    internal static Option<bool> DryRunOption() => new("--dry-run") { Description = "Only tell the steps" };

    /// <summary>Does the steps, or tells them.</summary>
    internal static async Task<int> ApplyAsync(IEnumerable<Step> steps, bool dryRun, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            foreach (var step in steps)
                await surroundings.Output.WriteLineAsync(step is RunProgram program ? $"{step.Says}: {program}" : step.Says);
            return ExitCodes.Done;
        }

        if (!Environment.IsPrivilegedProcess)
            throw new ConfigurationException([OperatingSystem.IsWindows() ? "Only an administrator may do this: open the console with «Run as administrator»." : "Only root may do this: put sudo before it."]);
        await Installer.ApplyAsync(steps, surroundings.Output, cancellationToken);
        return ExitCodes.Done;
    }

    // The service must be installable before its jobs are written.
    private static WorkerConfiguration? Configuration(Surroundings surroundings, ParseResult parsed, string root, out ConfigurationException? wrong)
    {
        wrong = null;
        try
        {
            return surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config) ?? Path.Combine(root, "etc/batch-inference"), parsed.GetValue(BatchInferenceCommand.State), asService: true);
        }
        catch (ConfigurationException error)
        {
            wrong = error;
            return null;
        }
    }

    private static bool IsRegistered()
    {
        using var query = Process.Start(new ProcessStartInfo("sc.exe", ["query", WindowsInstallation.Name]) { RedirectStandardOutput = true })!;
        query.StandardOutput.ReadToEnd();
        query.WaitForExit();
        return query.ExitCode == 0;
    }
}
