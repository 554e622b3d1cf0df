using System.Collections;

namespace BatchInference.Worker.Configuration;

/// <summary>
/// Secrets that are given as files, one a secret, the file's name being the variable's: systemd's credentials (<c>$CREDENTIALS_DIRECTORY</c>) and the folder that <c>BATCHINFERENCE_SECRETS</c> names.
/// They stay in this process: the environment that child processes inherit never has them.
/// </summary>
internal static class SecretFiles
{
    /// <summary>The folders that are looked into.</summary>
    public static IEnumerable<string> Folders(IDictionary environment) =>
        ((string[])["CREDENTIALS_DIRECTORY", "BATCHINFERENCE_SECRETS"]).Select(name => environment[name] as string).OfType<string>().Where(folder => folder.Length > 0);

    /// <summary>The variables of the process, and below them what the files hold: a variable that is set wins.</summary>
    /// <exception cref="ConfigurationException">A folder or file cannot be read.</exception>
    public static IDictionary Below(IDictionary environment)
    {
        var all = new Hashtable();
        foreach (var folder in Folders(environment))
        {
            try
            {
                foreach (var path in Directory.GetFiles(folder).Where(path => !Path.GetFileName(path).StartsWith('.')))
                    all[Path.GetFileName(path)] = File.ReadAllText(path).TrimEnd('\r', '\n');
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
}
