using System.Text.Json;

namespace BatchInference.Documents.Extraction;

/// <summary>One JSON value: the configured field's text where it has that field, else every text in it.</summary>
/// <param name="content">Where the job has its texts.</param>
internal sealed class JsonExtractor(ContentFields content) : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Json];

    public override int Revision => 2;

    public override ExtractedText Extract(Stream content1, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            using var json = Json.Parse(TextEncodings.Decode(content1));
            var text = new TextBuilder(limits);
            if (content.Text is { } field && Json.At(json.RootElement, field) is { } said) text.AppendLines(said);
            else Json.AppendAll(json.RootElement, text);
            return text.Build(mediaType);
        }
        catch (JsonException error)
        {
            throw new DocumentException($"The JSON file is damaged: {FailureReasons.OneLine(error.Message)}", permanent: true, error);
        }
    }
}
