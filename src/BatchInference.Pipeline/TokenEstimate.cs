using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>Tells from a sample how many tokens all documents have: of each kind by its bytes, since a few long documents hold most of the text of an archive and a small sample misses them.</summary>
internal sealed class TokenEstimate
{
    // An archive has a few endings; one that has more is made of names that only look so.
    private const int MostKinds = 100;

    private readonly Dictionary<string, Kind> kinds = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A document to be done.</summary>
    public void Count(Document document)
    {
        var kind = Of(document);
        kind.Documents++;
        kind.Bytes += document.Length ?? 0;
    }

    /// <summary>A counted document that was read, and its tokens; 0 when it had no text.</summary>
    public void Sample(Document document, long tokens)
    {
        var kind = Of(document);
        kind.Sampled++;
        kind.SampledBytes += document.Length ?? 0;
        kind.SampledTokens += tokens;
    }

    /// <summary>Tokens of all counted documents; kinds of which none was read, or whose length is not listed, by the mean of a document.</summary>
    public long Tokens()
    {
        var sampled = kinds.Values.Sum(kind => kind.Sampled);
        var mean = sampled == 0 ? 0 : (double)kinds.Values.Sum(kind => kind.SampledTokens) / sampled;
        return (long)kinds.Values.Sum(kind => kind.SampledBytes > 0 ? (double)kind.SampledTokens / kind.SampledBytes * kind.Bytes : mean * kind.Documents);
    }

    private Kind Of(Document document)
    {
        var ending = Path.GetExtension(document.Id.Path);
        if (kinds.TryGetValue(ending, out var kind))
            return kind;
        if (kinds.Count >= MostKinds && kinds.TryGetValue("", out kind))
            return kind;
        return kinds[kinds.Count >= MostKinds ? "" : ending] = new Kind();
    }

    private sealed class Kind
    {
        public long Documents { get; set; }

        public long Bytes { get; set; }

        public long Sampled { get; set; }

        public long SampledBytes { get; set; }

        public long SampledTokens { get; set; }
    }
}
