namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>How a process that reads documents is started.</summary>
/// <param name="Program">Full path.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record HostCommand(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>This program with a verb of its own, whether it was started by itself or by <c>dotnet</c>.</summary>
    public static HostCommand OfThisProgram(string verb)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        return string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.OrdinalIgnoreCase)
            ? new HostCommand(program, [Path.GetFullPath(Environment.GetCommandLineArgs()[0]), verb])
            : new HostCommand(program, [verb]);
    }
}
