using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Pipeline;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary>What a run tells at its end, for people or as JSON.</summary>
internal static class RunText
{
    private const int MostReasons = 20;

    public static async Task WriteAsync(TextWriter output, RunReport report, PreparedJob job, Ledger ledger, string? folder, bool json)
    {
        var reasons = await FailureReasons.CountAsync(ledger.FailuresOfAsync(report.Run, CancellationToken.None));
        if (json)
        {
            await output.WriteLineAsync(ToJson(report, job, reasons).ToJsonString());
            return;
        }

        var counts = report.Counts;
        if (report.NothingToDo)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{report.Job}: nothing to do. All {counts.Listed} documents are settled in {job.Sink.Identity}."));
        }
        else
        {
            await output.WriteLineAsync($"{report.Job}: run {report.Run} {report.End switch { RunEnd.Complete => report.LeavesOthers ? $"did the {report.Limit} document{(report.Limit == 1 ? "" : "s")} that it was asked for; others are left to the next run" : "is complete", RunEnd.Stopped => $"stopped in good order{Because(report)}; the next run goes on", _ => $"could not go on{Because(report)}" }}.");
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  documents  {counts.Listed} listed, {counts.Skipped} settled before, {counts.Completed} completed, {counts.Partial} partial, {counts.Failed} failed{Some(counts.Unchanged, "unchanged")}{Some(counts.Temporary, "to be tried again")}{Some(counts.Members ?? 0, "of the rows inside other documents")}{(report.Remaining is > 0 ? $", {report.Remaining} remaining" : "")}"));
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  tokens     {counts.Tokens}"));
            if (reasons.Count > 0) await output.WriteLineAsync("  failures");
            foreach (var (stage, reason, documents, permanent) in reasons.Take(MostReasons))
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"    {documents,6}  {stage}: {reason}{(permanent ? "" : " (tried again)")}"));
            if (reasons.Count > MostReasons) await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"            and {reasons.Count - MostReasons} other reasons: batch-inference failures {report.Job}{(folder is null ? "" : $" --output {folder}")}"));
            await output.WriteLineAsync($"  results    {job.Sink.Identity}");
        }

        foreach (var warning in report.Warnings) await output.WriteLineAsync($"  warning    {warning}");
    }

    public static void Write(TextWriter output, RunForecast forecast, string job, bool json)
    {
        if (json)
        {
            output.WriteLine(new JsonObject
            {
                ["job"] = job, ["listed"] = forecast.Listed, ["pending"] = forecast.Pending, ["pendingBytes"] = forecast.PendingBytes, ["sampled"] = forecast.Sampled,
                ["tokens"] = forecast.Tokens, ["tokensPerSecond"] = Math.Round(forecast.TokensPerSecond), ["seconds"] = forecast.Duration?.TotalSeconds,
            }.ToJsonString());
            return;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{job}: {forecast.Pending} of {forecast.Listed} documents are to be done ({forecast.PendingBytes / 1e6:0.0} MB)."));
        if (forecast.Pending == 0) return;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  sample     {forecast.Sampled} documents, {forecast.Unreadable} of them without text"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  tokens     about {forecast.Tokens}, {forecast.TokensPerSecond:0} a second on this machine"));
        output.WriteLine($"  time       {(forecast.Duration is { } time ? "about " + ProgressDisplay.Duration(time) : "cannot be told from the sample")}");
    }

    private static JsonObject ToJson(RunReport report, PreparedJob job, List<FailureReason> reasons) => new()
    {
        ["job"] = report.Job,
        ["run"] = report.Run.ToString(),
        ["complete"] = report is { End: RunEnd.Complete, LeavesOthers: false },
        ["limit"] = report.Limit,
        ["end"] = JsonNamingPolicy.CamelCase.ConvertName(report.End.ToString()),
        ["reason"] = report.Reason,
        ["nothingToDo"] = report.NothingToDo,
        ["listed"] = report.Counts.Listed,
        ["skipped"] = report.Counts.Skipped,
        ["unchanged"] = report.Counts.Unchanged,
        ["completed"] = report.Counts.Completed,
        ["partial"] = report.Counts.Partial,
        ["failed"] = report.Counts.Failed,
        ["temporary"] = report.Counts.Temporary,
        ["insideOthers"] = report.Counts.Members,
        ["remaining"] = report.Remaining,
        ["tokens"] = report.Counts.Tokens,
        ["parts"] = report.Parts,
        ["output"] = job.Sink.Identity,
        ["failures"] = new JsonArray([.. reasons.Select(one => new JsonObject { ["stage"] = one.Stage, ["reason"] = one.Reason, ["documents"] = one.Documents, ["permanent"] = one.Permanent })]),
        ["warnings"] = new JsonArray([.. report.Warnings.Select(warning => JsonValue.Create(warning))]),
    };

    private static string Because(RunReport report) => report.Reason is { } reason ? $": {reason.TrimEnd('.')}" : "";

    private static string Some(long count, string what) => count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {count} {what}") : "";
}
