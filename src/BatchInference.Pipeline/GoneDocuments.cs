namespace BatchInference.Pipeline;

/// <summary>Finds out which of the documents that failed the source no longer has, while it is listed.</summary>
internal sealed class GoneDocuments
{
    // Some ten megabytes of names. Where more have failed, none is called gone: something else is wrong.
    private const int MostFailures = 100_000;

    private readonly Ledger ledger;
    private readonly ResultScope scope;
    private readonly List<string> failed = [];
    private readonly HashSet<string> listed = new(StringComparer.Ordinal);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    private GoneDocuments(Ledger ledger, ResultScope scope) => (this.ledger, this.scope) = (ledger, scope);

    /// <summary>Of the documents that have no answer now.</summary>
    public static async Task<GoneDocuments> OfAsync(Ledger ledger, ResultScope scope, CancellationToken cancellationToken)
    {
        var gone = new GoneDocuments(ledger, scope);
        await foreach (var failure in ledger.FailuresAsync(scope, cancellationToken))
        {
            if (gone.failed.Count == MostFailures)
                return new GoneDocuments(ledger, scope);
            gone.failed.Add(failure.Path);
            gone.asked.UnionWith(DocumentsAround.WhatTells(failure.Path));
        }

        return gone;
    }

    /// <summary>The source has it.</summary>
    public void Listed(string path)
    {
        if (asked.Contains(path))
            listed.Add(path);
    }

    /// <summary>All that the source has was told of.</summary>
    public async Task NoteAsync(CancellationToken cancellationToken)
    {
        var there = failed.ToLookup(path => DocumentsAround.WhatTells(path).Any(listed.Contains));
        if (failed.Count > 0)
            await ledger.NoteGoneAsync(scope, [.. there[false]], [.. there[true]], cancellationToken);
    }
}
