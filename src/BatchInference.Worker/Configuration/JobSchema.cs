using System.Text.Encodings.Web;
using System.Text.Json;

namespace BatchInference.Worker.Configuration;

/// <summary><c>config/job.schema.json</c>: what editors complete job files by (JSON Schema, draft 2020-12).</summary>
internal static class JobSchema
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static string Text()
    {
        var schema = KnownKeys.Job.ToSchema();
        schema["properties"]!.AsObject().Insert(0, "$schema", new System.Text.Json.Nodes.JsonObject { ["type"] = "string" });
        schema.Insert(0, "title", "A job of BatchInference");
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema.ToJsonString(Readable) + "\n";
    }
}
