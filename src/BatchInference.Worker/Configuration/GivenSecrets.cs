namespace BatchInference.Worker.Configuration;

/// <summary>
/// Secrets as the environment or the service manager gives them. A name is looked for as an environment variable, then as a file of that name in <c>$CREDENTIALS_DIRECTORY</c>
/// (systemd's <c>LoadCredential=</c>). Never printed: this type has no text of its own.
/// </summary>
/// <param name="variable">Reads an environment variable.</param>
internal sealed class GivenSecrets(Func<string, string?> variable)
{
    /// <summary>What is given under a name; null for nothing.</summary>
    /// <exception cref="ConfigurationException">There is a credential file that cannot be read.</exception>
    public string? Find(string name)
    {
        if (variable(name) is { Length: > 0 } value)
            return value;
        if (variable("CREDENTIALS_DIRECTORY") is not { Length: > 0 } folder || Path.Combine(folder, name) is var file && !File.Exists(file))
            return null;
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } content ? content : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{file}: the credential cannot be read: {error.Message}"]);
        }
    }

    /// <summary>The secrets of one storage of a job: <c>BATCHINFERENCE_&lt;JOB&gt;_&lt;SIDE&gt;_NAME</c>, then <c>BATCHINFERENCE_&lt;JOB&gt;_NAME</c>, then <c>NAME</c>.</summary>
    /// <param name="job">The job.</param>
    /// <param name="side"><c>source</c> or <c>output</c>.</param>
    public GivenSecrets Of(string job, string side)
    {
        var prefix = "BATCHINFERENCE_" + Upper(job);
        return new GivenSecrets(name => Find($"{prefix}_{Upper(side)}_{name}") ?? Find($"{prefix}_{name}") ?? Find(name));
    }

    private static string Upper(string name) => name.ToUpperInvariant().Replace('-', '_');
}
