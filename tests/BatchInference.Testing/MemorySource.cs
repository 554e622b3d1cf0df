using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using BatchInference.Documents;

namespace BatchInference.Testing;

/// <summary>Documents in memory.</summary>
public sealed class MemorySource(NameFilter? names = null) : DocumentSource
{
    private readonly ConcurrentDictionary<string, (int Version, byte[] Content)> documents = new(StringComparer.Ordinal);
    private int versions;

    public override string Description => "memory:/documents";

    public void Put(string name, string text) => documents[name] = (Interlocked.Increment(ref versions), Encoding.UTF8.GetBytes(text));

    public void Remove(string name) => documents.TryRemove(name, out _);

    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var (name, (version, content)) in documents.OrderBy(one => one.Key, StringComparer.Ordinal))
            if (names?.Matches(name) != false)
                yield return Listed(new DocumentId(name, $"{version}"), content.Length);
    }

    public override Document Listed(DocumentId id, long? length) => new(id, length, _ => documents.TryGetValue(id.Path, out var now) && $"{now.Version}" == id.Version
        ? new ValueTask<Stream>(new MemoryStream(now.Content, writable: false))
        : throw new DocumentException("The document changed between listing and reading; the next run reads its new version.", permanent: false));
}
