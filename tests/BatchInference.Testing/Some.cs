using System.Globalization;
using BatchInference.Pipeline;

namespace BatchInference.Testing;

/// <summary>Makers of test data that mean nothing but themselves.</summary>
public static class Some
{
    public static readonly DateTimeOffset Evening = new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero);

    public static readonly ResultScope Scope = new("letters", "memory:/results/letters");

    /// <summary>A plan for <see cref="ScriptedPass"/>; <paramref name="number"/> tells runs apart.</summary>
    public static RunPlan Plan(int number = 0, string fingerprint = "scripted-1") => new()
    {
        Job = "letters",
        Run = RunId.New(Evening.AddDays(number), (ushort)(0x4f2a + number)),
        RunDate = DateOnly.FromDateTime(Evening.AddDays(number).UtcDateTime),
        Passes = [new PlannedPass("scripted/test", fingerprint, [new PlannedTask("topic", TaskKind.Classification), new PlannedTask("summary", TaskKind.Summary)])],
        Configuration = new() { ["job"] = "letters" },
        ConfigurationHash = "c0ffee",
        ProgramVersion = "0.0.0-test",
        ShardDocuments = 4,
        ShardTime = TimeSpan.Zero,
        Readers = 2,
        RetryDelays = [TimeSpan.Zero],
    };

    public static RunRecord Run(int number = 0, ResultScope? scope = null) => new()
    {
        Run = RunId.New(Evening.AddDays(number), (ushort)number),
        Scope = scope ?? Scope,
        RunDate = DateOnly.FromDateTime(Evening.AddDays(number).UtcDateTime),
        Started = Evening.AddDays(number),
        Work = "work",
        Extraction = "extraction",
        Header = "{}",
    };

    public static PartRecord Part(RunRecord run, int shard, int rows) => new(run.Run, run.RunDate, shard, rows, 100L * rows, Sha256(shard));

    public static string Sha256(int number) => number.ToString("x64", CultureInfo.InvariantCulture);
}
