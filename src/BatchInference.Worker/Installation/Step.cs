namespace BatchInference.Worker.Installation;

/// <summary>One step of an installation. Each may be done again on a machine where it was done before.</summary>
/// <param name="Says">What it does, for people.</param>
internal abstract record Step(string Says);

/// <summary>Runs a program of the system.</summary>
/// <param name="Says">What it does.</param>
/// <param name="Program">Its name or path.</param>
/// <param name="Arguments">As the program gets them.</param>
internal sealed record RunProgram(string Says, string Program, params string[] Arguments) : Step(Says)
{
    /// <summary>True when its failure is told and the installation goes on.</summary>
    public bool MayFail { get; init; }

    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(word => word.Contains(' ', StringComparison.Ordinal) ? $"'{word}'" : word));
}

/// <summary>Writes a file of the program's own, replacing it.</summary>
internal sealed record WriteFile(string Says, string Path, string Text) : Step(Says);

/// <summary>Removes a file of the program's own, or a folder with all that is in it but results; it need not be there.</summary>
internal sealed record Remove(string Says, string Path) : Step(Says);
