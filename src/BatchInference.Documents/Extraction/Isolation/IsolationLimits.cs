namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>What a process that reads documents may cost.</summary>
public sealed record IsolationLimits
{
    /// <summary>Most memory of one process, and of each program that it starts, in bytes.</summary>
    public long Memory { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Longest time for a listed document with all that is inside it, however well it goes on.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Documents after which a process is replaced by a fresh one, so that what a parser leaks does not grow for a night.</summary>
    public int DocumentsPerProcess { get; init; } = 500;
}
