using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Models.Labels;
using BatchInference.Pipeline;

namespace BatchInference.Worker.Jobs;

/// <summary>
/// The label set by which a task answers, with its head: training replaces both in place, so a run keeps what it went by. The folder <c>labels/&lt;set&gt;</c> of the run, copied into
/// the configuration, gives its answers again.
/// </summary>
/// <param name="Set">As it was read.</param>
/// <param name="Head">What gives the labels; null where a model does by their names alone.</param>
internal sealed record DecidingLabels(LabelSet Set, LabelHead? Head)
{
    private static readonly JsonSerializerOptions CamelCase = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The files that a run keeps.</summary>
    public IReadOnlyList<KeptFile> Files { get; } =
    [
        new KeptFile($"labels/{Set.Name}/{LabelSet.FileName}", Set.Content),
        .. Head is null ? Array.Empty<KeptFile>() : [new KeptFile($"labels/{Set.Name}/{Head.FileName}", Head.ToFile())],
    ];

    /// <summary>For the manifest: each file with its SHA-256, and what the head was trained on.</summary>
    public JsonObject ToJson()
    {
        var told = new JsonObject { ["name"] = Set.Name, ["folder"] = Set.Folder, ["kept"] = Files[0].Name, ["sha256"] = Sha256(Files[0]) };
        if (Head is not null)
            told["head"] = new JsonObject
            {
                ["kept"] = Files[1].Name,
                ["sha256"] = Sha256(Files[1]),
                ["sha256InFile"] = Head.Sha256,
                ["basis"] = JsonNamingPolicy.CamelCase.ConvertName(Head.Basis.ToString()),
                ["model"] = Head.Model,
                ["modelFingerprint"] = Head.ModelFingerprint,
                ["examples"] = JsonSerializer.SerializeToNode(Head.Examples, CamelCase),
            };
        return told;
    }

    private static string Sha256(KeptFile file) => Convert.ToHexStringLower(SHA256.HashData(file.Content.Span));
}
