using System.Collections;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Worker.Configuration;

/// <summary>
/// Secrets that are given as files, one a secret, the file's name being the variable's: systemd's credentials (<c>$CREDENTIALS_DIRECTORY</c>), the folder that <c>BATCHINFERENCE_SECRETS</c> names,
/// on Windows else that of the installation. There a file <c>NAME.dpapi</c> holds what only this machine can read (DPAPI).
/// They stay in this process: the environment that child processes inherit never has them.
/// </summary>
internal static class SecretFiles
{
    private const string Protected = ".dpapi";

    /// <summary>The folders that are looked into.</summary>
    public static IEnumerable<string> Folders(IDictionary environment)
    {
        foreach (var name in (string[])["CREDENTIALS_DIRECTORY", "BATCHINFERENCE_SECRETS"])
            if (environment[name] is string { Length: > 0 } folder)
                yield return folder;
        if (OperatingSystem.IsWindows() && environment["BATCHINFERENCE_SECRETS"] is not string { Length: > 0 }
            && Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "BatchInference", "secrets") is var installed && MayEnter(installed))
            yield return installed;
    }

    /// <summary>The variables of the process, and below them what the files hold: a variable that is set wins.</summary>
    /// <exception cref="ConfigurationException">A folder or file cannot be read.</exception>
    public static IDictionary Below(IDictionary environment) => Below(environment, OperatingSystem.IsWindows() ? Unprotect : null);

    /// <param name="environment">The variables of the process.</param>
    /// <param name="unprotect">Reads what DPAPI protected; null where there is none.</param>
    internal static IDictionary Below(IDictionary environment, Func<byte[], byte[]>? unprotect)
    {
        var all = new Hashtable();
        foreach (var folder in Folders(environment))
        {
            try
            {
                foreach (var path in Directory.GetFiles(folder).Where(path => !Path.GetFileName(path).StartsWith('.')))
                {
                    var isProtected = path.EndsWith(Protected, StringComparison.OrdinalIgnoreCase);
                    all[isProtected ? Path.GetFileNameWithoutExtension(path) : Path.GetFileName(path)] = (isProtected ? Read(path, unprotect) : File.ReadAllText(path)).TrimEnd('\r', '\n');
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException([$"{folder}: the secrets in this folder cannot be read: {error.Message} Give this account the right to read them, or name another folder with BATCHINFERENCE_SECRETS."]);
            }
        }

        foreach (DictionaryEntry variable in environment)
            all[variable.Key] = variable.Value;
        return all;
    }

    private static string Read(string path, Func<byte[], byte[]>? unprotect)
    {
        if (unprotect is null)
            throw new ConfigurationException([$"{path}: only Windows reads what DPAPI protected. Give the secret as a file without {Protected}, or as a credential of systemd."]);
        try
        {
            return Encoding.UTF8.GetString(unprotect(File.ReadAllBytes(path)));
        }
        catch (CryptographicException)
        {
            throw new ConfigurationException([$"{path}: this machine did not protect it, or it is damaged. Make it anew on this machine with [Security.Cryptography.ProtectedData]::Protect, scope LocalMachine (install/README.md)."]);
        }
    }

    [SupportedOSPlatform("windows")]
    private static byte[] Unprotect(byte[] content) => ProtectedData.Unprotect(content, optionalEntropy: null, DataProtectionScope.LocalMachine);

    // The folder is the service's and the administrators': others who run a job by hand have secrets of their own.
    private static bool MayEnter(string folder)
    {
        try
        {
            return Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any();
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
