using System.Text.Json;

namespace BatchInference.Models.Labels;

/// <summary>The mean vectors that are shipped: for a set that was prepared without a sample of its own archive. Made of the train split of the topics (SIB-200, CC BY-SA 4.0; no text of it is in them).</summary>
internal static class DefaultMeans
{
    internal const string Source = "SIB-200, French and English train split (Adelani et al. 2023, CC BY-SA 4.0): shipped default";

    private static readonly Lazy<IReadOnlyDictionary<string, ArchiveMean>> Means = new(Read);

    /// <summary>The mean for this model; null when none is shipped for exactly these files.</summary>
    public static ArchiveMean? Of(TextEncoder encoder) => Means.Value.GetValueOrDefault(encoder.Fingerprint);

    private static Dictionary<string, ArchiveMean> Read()
    {
        var assembly = typeof(DefaultMeans).Assembly;
        var means = new Dictionary<string, ArchiveMean>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".mean.json", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var file = JsonSerializer.Deserialize<MeanFile>(stream, MeanFile.Json)!;
            means.Add(file.ModelFingerprint, new ArchiveMean(Source, file.Values, FloatsConverter.Hash(file.Values)));
        }

        return means;
    }

    /// <summary>The file of a shipped mean.</summary>
    internal sealed record MeanFile(string Model, string ModelFingerprint, IReadOnlyList<float> Values)
    {
        public static readonly JsonSerializerOptions Json = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            WriteIndented = true,
            NewLine = "\n",
            Converters = { new FloatsConverter() },
        };
    }
}
