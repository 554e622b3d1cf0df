using System.Globalization;

namespace BatchInference.Pipeline.Results;

/// <summary>Where the files of a run lie in a result sink.</summary>
internal static class PartNames
{
    public const string Jsonl = "jsonl", Parquet = "parquet", Csv = "csv";

    public static string Folder(string format, DateOnly runDate) => string.Create(CultureInfo.InvariantCulture, $"{format}/run_date={runDate:yyyy-MM-dd}");

    /// <summary>What the names of all parts of a run begin with.</summary>
    public static string Prefix(string format, DateOnly runDate, RunId run) => $"{Folder(format, runDate)}/part-{run}-";

    public static string Of(string format, DateOnly runDate, RunId run, int shard) => string.Create(CultureInfo.InvariantCulture, $"{Prefix(format, runDate, run)}{shard:00000}.{format}");

    public static string Of(string format, PartRecord part) => Of(format, part.RunDate, part.Run, part.Shard);

    /// <summary>The number of a shard's further parts, which follows from its own: there are never so many shards.</summary>
    public static int Number(int shard, int part) => shard + (part * 100_000);

    /// <summary>The shard that a part's name tells; null when it is no part of this run.</summary>
    public static int? ShardOf(string name, DateOnly runDate, RunId run)
    {
        var prefix = Prefix(Jsonl, runDate, run);
        const string end = "." + Jsonl;
        return name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length..^end.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var shard) ? shard : null;
    }

    /// <summary>The run that a part's name tells; null when it is no part.</summary>
    public static RunId? RunOf(string name)
    {
        var file = name[(name.LastIndexOf('/') + 1)..];
        const string start = "part-";
        return file.StartsWith(start, StringComparison.Ordinal) && file.Length > start.Length + RunId.Length && RunId.TryParse(file.Substring(start.Length, RunId.Length), out var run) ? run : null;
    }

    public static string Text(string sha256) => $"text/{sha256[..2]}/{sha256}.txt";

    /// <summary>Of a text that is not the first that was read in the same bytes: by the beginning of its own hash, too.</summary>
    public static string Text(string sha256, string ofText) => $"text/{sha256[..2]}/{sha256}-{ofText}.txt";

    public static string RunFolder(RunId run) => $"_runs/{run}";
}
