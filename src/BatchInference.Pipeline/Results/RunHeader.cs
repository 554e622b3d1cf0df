using System.Text.Json;
using System.Text.Json.Nodes;

namespace BatchInference.Pipeline.Results;

/// <summary>What the ledger keeps of a plan, so that another process can close the run and make its files again.</summary>
internal sealed record RunHeader(
    string Source, string ProgramVersion, string ConfigurationHash, JsonObject Configuration, OutputFormats Formats, bool VersionsAreTags, IReadOnlyList<PlannedPass> Passes)
{
    /// <summary>As <see cref="RunPlan.Again"/>: who shares the run does as its first process does.</summary>
    public bool Again { get; init; }

    /// <summary>As <see cref="RunPlan.Environment"/>.</summary>
    public JsonObject Environment { get; init; } = [];

    /// <summary>As <see cref="RunPlan.Limit"/>.</summary>
    public long? Limit { get; init; }

    public static RunHeader Of(RunPlan plan, string source) =>
        new(source, plan.ProgramVersion, plan.ConfigurationHash, plan.Configuration, plan.Formats, plan.VersionsAreTags, plan.Passes) { Again = plan.Again, Limit = plan.Limit, Environment = plan.Environment };

    public static RunHeader Parse(string json) => JsonSerializer.Deserialize<RunHeader>(json) ?? throw new InvalidDataException("The ledger holds a run without a header.");

    public IReadOnlyList<RowFormats.FlatColumn> Columns() => RowFormats.FlatColumns.Of(Passes.SelectMany(pass => pass.Tasks), Formats.Metadata);

    public string ToJson() => JsonSerializer.Serialize(this);
}
