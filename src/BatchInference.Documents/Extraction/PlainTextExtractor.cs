namespace BatchInference.Documents.Extraction;

/// <summary>Plain text in any of the usual encodings; Markdown too, whose signs are left as they are: they are what its author wrote, and quotes point into them.</summary>
internal sealed class PlainTextExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Text, Extraction.MediaTypes.Markdown];

    public override int Revision => 2;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        var text = new TextBuilder(limits);
        // A zero byte that strayed into a text parts words, as a blank does.
        var lines = TextEncodings.Decode(content).Replace('\0', ' ').AsSpan();
        foreach (var page in lines.Split('\f'))
        {
            cancellationToken.ThrowIfCancellationRequested();
            text.AppendLines(lines[page]);
        }

        return text.Build(mediaType);
    }
}
