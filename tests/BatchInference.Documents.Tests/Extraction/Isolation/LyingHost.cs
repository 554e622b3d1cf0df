using System.Text;
using System.Text.Json;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>A reading process that a document has taken over: the text tells what it says of it.</summary>
internal static class LyingHost
{
    public static async Task<int> RunAsync()
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        var text = new StringBuilder();
        while (await Frames.ReadAsync(input, int.MaxValue, default) is var (kind, payload))
        {
            if (kind == FrameKind.Content) text.Append(Encoding.UTF8.GetString(payload));
            if (kind != FrameKind.ContentEnd) continue;
            // A length that no frame has.
            if (text.ToString() == "long frame") await output.WriteAsync(new byte[] { (byte)FrameKind.Reading, 0xFF, 0xFF, 0xFF, 0xFF });
            else foreach (var (lie, said) in Said(text.ToString())) await Frames.WriteAsync(output, lie, said, default);
            text.Clear();
        }

        return 0;
    }

    private static IEnumerable<(FrameKind Kind, byte[] Payload)> Said(string lie)
    {
        var hash = new string('a', 64);
        var failure = new DocumentFailure("extract", "It is damaged.", true);
        var honest = new DocumentReading { Sha256 = hash, Text = new ExtractedText(lie, "text/plain") };
        yield return lie switch
        {
            "sha256 of a path" => Reading(honest with { Sha256 = "../../../../../../../../../../../../../../../../../tmp/outside-it-all" }),
            "sha256 in capitals" => Reading(honest with { Sha256 = new string('A', 64) }),
            "member of another document" => Reading(honest with { Member = "/../b.txt" }),
            "member without end" => Reading(honest with { Member = "!/" + new string('a', 1200) }),
            "member of two lines" => Reading(honest with { Member = "!/a\nb" }),
            "stage of its own" => Reading(honest with { Text = null, Failure = failure with { Stage = "infer" } }),
            "neither text nor failure" => Reading(honest with { Text = null }),
            "text and failure" => Reading(honest with { Failure = failure }),
            "known" => Reading(honest with { Known = true }),
            "null text" => Json($$$"""{"Sha256":"{{{hash}}}","Text":{"Text":null,"MediaType":"text/plain"}}"""),
            "null identifier" => Json($$$"""{"Sha256":"{{{hash}}}","Text":{"Text":"a","MediaType":"text/plain","Metadata":{},"Pages":[],"Scanned":[]},"Identifiers":{"a":null}}"""),
            "null scan" => Json($$$"""{"Sha256":"{{{hash}}}","Text":{"Text":"a","MediaType":"text/plain","Metadata":{},"Pages":[],"Scanned":[null]},"Identifiers":{}}"""),
            "only what must be" => Json($$$"""{"Sha256":"{{{hash}}}","Text":{"Text":"a","MediaType":"text/plain"}}"""),
            "half a surrogate" => Json($$$"""{"Sha256":"{{{hash}}}","Text":{"Text":"\ud800","MediaType":"text/plain"}}"""),
            "no JSON" => Json("{\"Sha256\":"),
            "nested" => Json(new string('[', 100_000)),
            "null" => Json("null"),
            "short step" => (FrameKind.Step, [1]),
            "far step" => (FrameKind.Step, BitConverter.GetBytes(int.MaxValue)),
            "endless time" => (FrameKind.MoreTime, BitConverter.GetBytes(double.NaN)),
            "unknown frame" => ((FrameKind)0xFE, []),
            "nothing" => (FrameKind.End, []),
            _ => Reading(honest),
        };
        yield return (FrameKind.End, []);
    }

    private static (FrameKind Kind, byte[] Payload) Reading(DocumentReading reading) => (FrameKind.Reading, JsonSerializer.SerializeToUtf8Bytes(reading, FrameJson.Plain.DocumentReading));

    private static (FrameKind Kind, byte[] Payload) Json(string json) => (FrameKind.Reading, Encoding.UTF8.GetBytes(json));
}
