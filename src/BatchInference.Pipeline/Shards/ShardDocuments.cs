using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>Gives back what another process listed: the documents of a shard that are still to be done, with what the books say of them.</summary>
internal sealed class ShardDocuments(RunId run, DocumentSource source, FindSettled find, FindSettled findContainers)
{
    /// <summary>A listed document as it stands on the board.</summary>
    /// <param name="Path">Its name.</param>
    /// <param name="Version">Its listed version.</param>
    /// <param name="Length">Its listed length.</param>
    public sealed record Written(string Path, string Version, long? Length);

    public static IEnumerable<Written> Write(IEnumerable<Pending> documents) => documents.Select(one => new Written(one.Document.Id.Path, one.Document.Id.Version, one.Document.Length));

    /// <summary>Those that nobody who had the shard before has settled.</summary>
    public async Task<IReadOnlyList<Pending>> ReadAsync(IReadOnlyList<Written> documents, CancellationToken cancellationToken)
    {
        string[] paths = [.. documents.Select(one => one.Path)];
        var known = await find(paths, cancellationToken);
        var containers = await findContainers(paths, cancellationToken);
        return
        [
            .. documents
                .Select(one => new Pending(source.Listed(new DocumentId(one.Path, one.Version), one.Length), known.GetValueOrDefault(one.Path), containers.GetValueOrDefault(one.Path)))
                .Where(one => one.Whole is not { Retry: false } whole || whole.Run != run || whole.Version != one.Document.Id.Version),
        ];
    }
}
