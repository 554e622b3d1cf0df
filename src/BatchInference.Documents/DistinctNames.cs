using System.Runtime.CompilerServices;

namespace BatchInference.Documents;

/// <summary>
/// The documents of a place, each under a name that no document inside another one has: a file <c>a.zip!/b.txt</c> beside <c>a.zip</c>, or <c>l.jsonl#1</c> beside <c>l.jsonl</c>, is called <c>./a.zip!/b.txt</c>.
/// Both would else be one document with two rows. It is the file that gets the other name, since what is inside is not known before it is read.
/// </summary>
/// <param name="place">The place, which lists in the order of names.</param>
public sealed class DistinctNames(DocumentSource place) : DocumentSource
{
    private const string Here = "./";

    /// <inheritdoc/>
    public override string Description => place.Description;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The names that the present one begins with: all of them stand directly before it in the list, with nothing between that does not begin with them too.
        var before = new Stack<string>();
        await foreach (var document in place.ListAsync(cancellationToken))
        {
            var path = document.Id.Path;
            while (before.TryPeek(out var last) && !path.StartsWith(last, StringComparison.Ordinal))
                before.Pop();
            // One that is called so by itself is called so once more, so that each name leads back to one document.
            yield return before.Any(name => InsideNames.IsInside(path.AsSpan(name.Length))) || IsRenamed(path) ? Named(document, Here + path) : document;
            before.Push(path);
        }
    }

    /// <inheritdoc/>
    public override Document Listed(DocumentId id, long? length) =>
        IsRenamed(id.Path) ? Named(place.Listed(id with { Path = id.Path[Here.Length..] }, length), id.Path) : place.Listed(id, length);

    private static Document Named(Document document, string path) => new(document.Id with { Path = path }, document.Length, document.OpenAsync);

    private static bool IsRenamed(string path)
    {
        if (!path.StartsWith(Here, StringComparison.Ordinal))
            return false;
        for (var at = Here.Length + 1; at < path.Length; at++)
            if (InsideNames.IsInside(path.AsSpan(at)))
                return true;
        return false;
    }
}
