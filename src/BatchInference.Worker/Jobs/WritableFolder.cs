using BatchInference.Pipeline.Results;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>A folder that nothing goes without, tried at the door with a file that has content: a full disk takes empty ones.</summary>
internal static class WritableFolder
{
    /// <summary>What the names of probes begin with.</summary>
    public const string Probe = ".probe-";

    /// <summary>Writes a probe and removes it.</summary>
    /// <param name="what">How people call the folder.</param>
    /// <param name="folder">The folder; must be there.</param>
    /// <param name="otherwise">What else can be done than to mend it.</param>
    /// <exception cref="ConfigurationException">It cannot be written; the message names the remedy.</exception>
    public static void Try(string what, string folder, string otherwise)
    {
        var probe = Path.Combine(folder, $"{Probe}{Guid.NewGuid():N}");
        try
        {
            try
            {
                File.WriteAllText(probe, "probe");
            }
            finally
            {
                File.Delete(probe);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{folder}: {what} cannot be written by {Environment.UserName}: {(Directory.Exists(folder) ? OutputUnavailableException.Remedy(error) ?? error.Message : "there is no such folder. Create it.")} {otherwise}"]);
        }
    }
}
