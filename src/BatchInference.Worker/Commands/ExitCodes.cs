namespace BatchInference.Worker.Commands;

/// <summary>How the program ends; scripts rely on these numbers.</summary>
internal static class ExitCodes
{
    /// <summary>The run is complete; documents that failed are in its report.</summary>
    public const int Done = 0;

    /// <summary>The run could not go on after it began.</summary>
    public const int CouldNotGoOn = 1;

    /// <summary>Wrong usage or configuration, found at the door.</summary>
    public const int WrongUsage = 2;

    /// <summary><c>--strict</c> and a document failed.</summary>
    public const int DocumentFailed = 3;

    /// <summary>Stopped in good order before the end; the next run goes on.</summary>
    public const int Stopped = 4;
}
