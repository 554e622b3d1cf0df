using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>The folder of the program's own files, and whose it is.</summary>
internal static class StateFolder
{
    private const string Otherwise = "Or run as the account of the service, or name another folder with --state.";

    /// <summary>Creates it where missing, and refuses a run whose files the service could not open.</summary>
    /// <exception cref="ConfigurationException">It cannot be written, or belongs to another account.</exception>
    public static void Prepare(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new ConfigurationException([$"{folder}: the state folder cannot be made by {Environment.UserName}: {error.Message} {Otherwise}"]);
        }

        WritableFolder.Try("the state folder", folder, Otherwise);

        if (!OperatingSystem.IsLinux()) return;
        // What root writes into another account's folder, that account cannot open.
        var owner = FileOwner.Of(folder);
        var self = FileOwner.OfProcess();
        if (owner is { } theirs && theirs != self)
            throw new ConfigurationException([$"{folder}: the state folder belongs to another account (user id {theirs}; this one is {self}), which could not open the files of this run. Run as that account: sudo -u '#{theirs}' batch-inference …"]);
    }
}
