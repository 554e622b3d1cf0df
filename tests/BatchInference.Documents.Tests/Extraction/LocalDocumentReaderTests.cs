using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Tests.Extraction;

public sealed class LocalDocumentReaderTests : DocumentReaderContract
{
    protected override DocumentReader Reader { get; } = DocumentReader.Standard(Limits, TimeProvider.System);
}
