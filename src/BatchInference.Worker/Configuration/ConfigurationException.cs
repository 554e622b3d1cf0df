namespace BatchInference.Worker.Configuration;

/// <summary>Everything that is wrong with the configuration, at once; found at the door, before anything began.</summary>
/// <param name="errors">Each names the file, the key, the value, the limit and the remedy.</param>
internal sealed class ConfigurationException(IReadOnlyList<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
