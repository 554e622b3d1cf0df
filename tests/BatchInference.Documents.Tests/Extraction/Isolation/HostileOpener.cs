using System.Text;
using BatchInference.Documents.Containers;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>Opens a document of lines, each a document; falls over the line that says so, before it is one.</summary>
internal sealed class HostileOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [BatchInference.Documents.Extraction.MediaTypes.JsonLines];

    public override int Revision => 1;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        using var lines = new StreamReader(content, leaveOpen: true);
        for (var number = 1; lines.ReadLine() is { } line; number++)
        {
            if (line == "fall") Environment.Exit(7);
            yield return new Member($"{number}", () => new MemoryStream(Encoding.UTF8.GetBytes(line))) { MediaType = BatchInference.Documents.Extraction.MediaTypes.Text };
        }
    }
}
