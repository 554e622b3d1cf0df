using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

public sealed class IsolatedDocumentReaderTests : DocumentReaderContract, IDisposable
{
    private readonly IsolatedDocumentReader reader = IsolationTests.Open(HostVerbs.Standard, Limits);

    protected override DocumentReader Reader => reader;

    public void Dispose() => reader.Dispose();
}
