using System.Text;
using System.Text.Json;

namespace BatchInference.Models.Labels;

/// <summary>The files <c>*.head.json</c> of a label set.</summary>
internal static class HeadFile
{
    public const string Extension = ".head.json";

    private const long MaxBytes = 512L << 20;
    private const int MaxWidth = 65_536;

    /// <summary>Reads and checks every head of a folder; what is wrong is added to <paramref name="errors"/>.</summary>
    public static List<LabelHead> ReadAll(string folder, List<string> errors)
    {
        var heads = new List<LabelHead>();
        if (!Directory.Exists(folder))
            return heads;
        foreach (var path in Directory.GetFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
            if (Read(path, errors) is { } head)
                heads.Add(head);
        return heads;
    }

    /// <summary>Writes a head beside the set, whole or not at all, replacing an earlier one for the same model.</summary>
    public static string Write(string folder, LabelHead head)
    {
        var path = Path.Combine(folder, head.FileName);
        WriteWhole(path, head.ToJson());
        return path;
    }

    public static void WriteWhole(string path, string text)
    {
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            file.Write(new UTF8Encoding(false).GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private static LabelHead? Read(string path, List<string> errors)
    {
        const string remedy = "Restore the file, or train the set again with `batch-inference labels train <set> --examples FILE`.";
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                errors.Add($"{path}: is larger than {MaxBytes:N0} bytes, so it is no head. {remedy}");
                return null;
            }

            var head = LabelHead.Parse(File.ReadAllBytes(path));
            var fault = head.Format != LabelHead.CurrentFormat ? $"`format` is `{head.Format}`, this program reads `{LabelHead.CurrentFormat}`"
                : head.Sha256 != head.Hash() ? $"`sha256` is `{head.Sha256}`, the content has {head.Hash()}: the file was changed or damaged"
                : Fault(head);
            if (fault is null)
                return head;
            errors.Add($"{path}: {fault}. {remedy}");
        }
        catch (JsonException error)
        {
            errors.Add($"{path}, line {error.LineNumber + 1}: this is not the JSON of a trained head. {remedy}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read ({error.Message}). Give this account read access to it.");
        }

        return null;
    }

    // The hash tells of accidents; a file made by hand may still be wrong in shape.
    private static string? Fault(LabelHead head)
    {
        var labels = head.Labels.Count;
        var width = head.Head?.Mean.Count ?? head.Similarity?.Vectors.Count / Math.Max(1, labels) ?? 0;
        if (labels < 2 || head.Labels.Distinct(StringComparer.Ordinal).Count() != labels)
            return "`labels` must be two or more different names";
        if (width is 0 or > MaxWidth)
            return "there is neither `head` nor `similarity`, or its vectors are too wide";
        if (!double.IsFinite(head.Temperature) || head.Temperature <= 0)
            return $"`temperature` is {head.Temperature}, it must be above 0";
        if (head.Head is { } linear && (linear.Scale.Count != width || linear.Weights.Count != width * labels || linear.Bias.Count != labels))
            return "the vectors of `head` have the wrong lengths";
        if (head.Similarity is { } similarity && (similarity.Vectors.Count != width * labels || !double.IsFinite(similarity.Weight) || !(similarity.Deviation > 0)))
            return "`similarity` has vectors of the wrong length, a weight or a deviation that is no number";
        if (head.ArchiveMean is { } mean && (mean.Values.Count != width || mean.Sha256 != FloatsConverter.Hash(mean.Values)))
            return "`archiveMean` has the wrong length or another hash than it says";
        return Finite(head.Head?.Mean) && Finite(head.Head?.Weights) && Finite(head.Head?.Bias) && Finite(head.Similarity?.Vectors) && Finite(head.ArchiveMean?.Values)
            && (head.Head is null || head.Head.Scale.All(scale => float.IsFinite(scale) && scale > 0))
            ? null
            : "a vector holds what is no number";
    }

    private static bool Finite(IReadOnlyList<float>? values) => values is null || values.All(float.IsFinite);
}
