using BatchInference.Pipeline.Results;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline.Resume;

/// <summary>Publishes what a dead process had computed, in the part that it was for, so that no document of it is computed again.</summary>
/// <param name="left">The journals that were found.</param>
/// <param name="publisher">Creates parts.</param>
/// <param name="ledger">The books.</param>
/// <param name="token">As <see cref="JobHold.Token"/>.</param>
/// <param name="logger">Hears of it.</param>
internal sealed class JournalRecovery(IReadOnlyList<Journal> left, PartPublisher publisher, Ledger ledger, long? token, ILogger logger)
{
    /// <summary>As <see cref="Recovery.Waited"/>.</summary>
    public required Action Waited { get; init; }

    /// <summary>Publishes and records the parts of an open run that are not in the books, whole parts of it having been adopted before; gives the number of their rows.</summary>
    /// <param name="run">The run.</param>
    /// <param name="header">What its parts need.</param>
    /// <param name="recorded">Its parts in the books; those that are added now are added here.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async Task<int> PublishAsync(RunRecord run, RunHeader header, HashSet<int> recorded, CancellationToken cancellationToken)
    {
        var rows = 0;
        foreach (var journal in left.Where(journal => journal.Run == run.Run && !recorded.Contains(journal.Part)))
        {
            Waited();
            if (await ReadAsync(journal, cancellationToken) is { Count: > 0 } computed)
            {
                // Should a part of that name have come meanwhile, it is the valid one, as ever.
                var (part, published) = await publisher.PublishAsync(new PartRecord(run.Run, run.RunDate, journal.Part, 0, 0, ""), computed, header, cancellationToken);
                await ledger.SettleAsync(Settlements.Of(part, published, header.VersionsAreTags) with { Token = token }, cancellationToken);
                recorded.Add(part.Shard);
                rows += published.Count;
                logger.JournalPublished(run.Run, published.Count, part.Shard);
            }
        }

        return rows;
    }

    /// <summary>Removes the journals of runs that are not open: what they hold is in the books, or computed again.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var run in left.GroupBy(journal => journal.Run))
            if (await ledger.FindRunAsync(run.Key, cancellationToken) is not { Ending: null })
                foreach (var journal in run)
                    journal.Remove(logger);
    }

    private async Task<IReadOnlyList<ResultRow>> ReadAsync(Journal journal, CancellationToken cancellationToken)
    {
        try
        {
            return await journal.ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            logger.JournalUnreadable(exception, journal.Path);
            return [];
        }
    }
}
