using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>What the source, or a container, no longer has.</summary>
public abstract partial class SqlLedger
{
    // As the columns have it.
    private enum Gone
    {
        Not,
        FromSource,
        FromContainer,
    }

    /// <inheritdoc/>
    public override Task NoteGoneAsync(ResultScope scope, IReadOnlyCollection<string> gone, IReadOnlyCollection<string> there, CancellationToken cancellationToken) => InTransactionAsync(async sql =>
    {
        foreach (var (paths, before, now) in new[] { (gone, Gone.Not, Gone.FromSource), (there, Gone.FromSource, Gone.Not) })
            if (paths.Count > 0)
                await sql.ExecuteAsync(
                    $"UPDATE failure SET gone = $1 WHERE gone = $2 AND scope = (SELECT id FROM scope WHERE job = $3 AND output = $4) AND path IN (SELECT value FROM {ListedTexts(5)})",
                    [(int)now, (int)before, scope.Job, scope.Output, ToJson(paths)], cancellationToken);
        return true;
    }, cancellationToken);

    // What stands in a container and was settled or failed at an earlier version of it was not come to by the reading of this one, so it is gone. Not so where that reading was cut short:
    // by a failure of this version, of the document itself or of one around it, which bears that one's name or "!/*" behind it.
    private async Task NoteGoneAsync(SqlBatch sql, long scope, IReadOnlyList<DocumentId> read, CancellationToken cancellationToken)
    {
        if (read.Count == 0)
            return;
        // A range of names at a time, since no index serves two at once; '0' is the sign behind '/', '$' the one behind '#'.
        var inside = string.Join(" UNION ", from table in (string[])["document", "failure"]
                                            from signs in (string[])["!/ !0", "# $"]
                                            let ends = signs.Split(' ')
                                            select $"""
                                                SELECT d.path, value ->> 'version', value ->> 'path' FROM {Listed(2)} CROSS JOIN {table} d
                                                WHERE d.scope = $1 AND d.path > (value ->> 'path') || '{ends[0]}' AND d.path < (value ->> 'path') || '{ends[1]}' AND d.version <> (value ->> 'version') AND d.gone <> {(int)Gone.FromContainer}
                                                """);
        var missed = (await sql.ReadAsync(inside, row => (Path: row.GetString(0), Version: row.GetString(1), Container: row.GetString(2)), [scope, ToJson(read)], cancellationToken))
            .Where(one => InsideNames.IsInside(one.Path.AsSpan(one.Container.Length))).ToArray();
        if (missed.Length == 0)
            return;
        var failed = (await sql.ReadAsync(
            $"SELECT f.path, f.version FROM {ListedTexts(2)} CROSS JOIN failure f WHERE f.scope = $1 AND f.path = value",
            row => (row.GetString(0), row.GetString(1)), [scope, ToJson(missed.SelectMany(one => WhatCuts(one.Path)).Distinct(StringComparer.Ordinal))], cancellationToken)).ToHashSet();
        var gone = ToJson(missed.Where(one => !WhatCuts(one.Path).Any(name => failed.Contains((name, one.Version)))).Select(one => one.Path));
        foreach (var table in (string[])["document", "failure"])
            await sql.ExecuteAsync($"UPDATE {table} SET gone = $1 WHERE scope = $2 AND path IN (SELECT value FROM {ListedTexts(3)})", [(int)Gone.FromContainer, scope, gone], cancellationToken);

        static IEnumerable<string> WhatCuts(string path) => DocumentsAround.Of(path).SelectMany(around => (string[])[around, $"{around}!/*"]).Prepend(path);
    }
}
