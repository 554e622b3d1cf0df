using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>A process that shares a run, in the books.</summary>
/// <param name="Host">Its machine.</param>
/// <param name="ProcessId">The process on it.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Since">When it joined.</param>
/// <param name="IsThere">True while it gives signs of life.</param>
/// <param name="InHand">Shards that it has taken.</param>
/// <param name="Done">Shards that it has brought into the books.</param>
/// <param name="Refused">Why it takes none; null when it does.</param>
public sealed record NodeRecord(string Host, int ProcessId, string Version, DateTimeOffset Since, bool IsThere, int InHand, int Done, string? Refused);

/// <summary>All in which two nodes must be alike to share a run, since the rows must not depend on who wrote them.</summary>
internal static class NodeLikeness
{
    /// <summary>Why a node may take no shard of a run; null when it may.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plan">What the node would do.</param>
    /// <param name="scope">Where it would write.</param>
    /// <param name="extraction">Fingerprint of what extracts there.</param>
    public static string? Difference(RunRecord run, RunPlan plan, ResultScope scope, string extraction)
    {
        var header = RunHeader.Parse(run.Header);
        var differences = new List<string>();
        if (header.ProgramVersion != plan.ProgramVersion)
            differences.Add($"the program (here {plan.ProgramVersion}, there {header.ProgramVersion})");
        if (run.Scope != scope)
            differences.Add($"the output (here {scope.Output}, there {run.Scope.Output})");
        foreach (var (here, there) in plan.Passes.Zip(header.Passes))
            if (here.Fingerprint != there.Fingerprint)
                differences.Add($"the model {here.Model} or its variant");
        if (run.Extraction != extraction)
            differences.Add("what reads documents (the tools for scans and old office files, or limits)");
        if (header.ConfigurationHash != plan.ConfigurationHash)
            differences.Add("the job's configuration");
        // Whatever it is made of: an answer depends on it.
        if (differences.Count == 0 && run.Work != plan.WorkFingerprint)
            differences.Add("tasks or models");
        return differences.Count == 0
            ? null
            : $"This node takes no shard of run {run.Run}, since it differs from the node that leads it in {string.Join(", ", differences)}. Make the nodes alike.";
    }
}
