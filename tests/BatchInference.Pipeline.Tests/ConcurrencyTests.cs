using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>
/// What the loops share is linearizable: whatever threads do to it at once, it ends as if they had done it one after the other in some order (Herlihy and Wing, ACM TOPLAS 12(3), 1990).
/// </summary>
public sealed class ConcurrencyTests
{
    [Fact]
    public void RetriesAreKeptAndTakenOnceByWhateverLoop() => Check.SampleParallel(
        Gen.Const(() => new Retries()),
        Gen.Int[0, Retries.Count - 1].Operation<Retries>((state, number) => state.Fail(number)),
        Gen.Int[1, 3].Operation<Retries>((state, most) => state.Take(most)),
        Gen.Int[0, Retries.Count - 1].Operation<Retries>((state, number) => state.Forget(number)),
        time: Seconds,
        equal: (one, other) => one.State == other.State,
        print: state => state.State);

    [Fact]
    public void ShardsAreTakenOnceAndTheBoardIsDoneWhenAllAreClosed() => Check.SampleParallel(
        Gen.Const(() => new Board()),
        Gen.Operation<Board>(state => state.Take()),
        Gen.Operation<Board>(state => state.Own()),
        Gen.Operation<Board>(state => state.CloseOne()),
        Gen.Operation<Board>(state => state.EndList()),
        time: Seconds,
        equal: (one, other) => one.State == other.State,
        print: state => state.State);

    [Fact]
    public void NothingIsCountedTwiceOrNotAtAll() => Check.SampleParallel(
        Gen.Const(() => new RunProgress(TimeProvider.System)),
        Gen.Select(Gen.Enum<OutcomeKind>(), Gen.Bool).Operation<RunProgress>((progress, one) => progress.Finished(new DocumentOutcome("a.txt", "v", one.Item1) { Failure = one.Item1 == OutcomeKind.Temporary ? Failure : null }, one.Item2)),
        Gen.Operation<RunProgress>(progress => progress.TriedAgain(Failure)),
        Gen.Select(Gen.Bool, Gen.Bool).Operation<RunProgress>((progress, one) => progress.Home(one.Item1, one.Item2)),
        Gen.Int[1, 500].Operation<RunProgress>((progress, documents) => progress.Listed(documents, documents / 2)),
        time: Seconds,
        equal: (one, other) => Counted(one) == Counted(other),
        print: Counted);

    // A race is rare: the longer, the surer.
    private const int Seconds = 2;

    private static readonly DocumentFailure Failure = new("open", "Permission denied.", Permanent: false);

    private static string Counted(RunProgress progress) => $"{progress.Counts} {progress.Handled} {progress.SettledDocuments} {string.Join(' ', progress.Snapshot().Failures)}";

    private static Pending[] Documents(int count) => [.. Enumerable.Range(0, count).Select(number => new Pending(new Document(new DocumentId($"{number}.txt", "v"), null, _ => throw new NotSupportedException()), null, null))];

    private sealed class Retries
    {
        public const int Count = 4;

        private readonly RetryQueue queue = new([TimeSpan.Zero], new FakeTimeProvider(Some.Evening));
        private readonly Pending[] documents = Documents(Count);
        private readonly List<string> taken = [];

        // In which order the documents were taken tells nothing of the queue.
        public string State
        {
            get
            {
                lock (taken)
                    return $"{queue.Due} due, taken {string.Join(' ', taken.Order(StringComparer.Ordinal))}";
            }
        }

        public void Fail(int number) => queue.TryAdd(documents[number], documents[number].Document.Id.Path, Failure);

        public void Take(int most)
        {
            var (due, failures) = queue.TakeDue(most);
            lock (taken)
                taken.AddRange(due.Select(one => $"{one.Document.Id.Path}:{string.Join(',', one.Only!)}").Append($"{failures.Count}"));
        }

        public void Forget(int number) => queue.Forget([documents[number]]);
    }

    private sealed class Board
    {
        private readonly MemoryBoard board = new(TimeProvider.System);
        private readonly Queue<Shard> taken = new();

        public Board() => board.OfferAsync(Documents(2), default).Wait();

        public string State
        {
            get
            {
                lock (taken)
                    return $"done {board.IsDoneAsync(default).Result}, left {board.FirstLeftAsync(default).Result}, in hand {string.Join(' ', taken.Select(shard => shard.Number).Order())}";
            }
        }

        public void Take()
        {
            if (board.TryTakeAsync(default).Result is not { } shard)
                return;
            lock (taken)
                taken.Enqueue(shard);
        }

        public void Own()
        {
            var shard = board.OwnAsync(Documents(1), default).Result;
            lock (taken)
                taken.Enqueue(shard);
        }

        public void CloseOne()
        {
            Shard? shard;
            lock (taken)
                if (!taken.TryDequeue(out shard))
                    return;
            shard.Home = shard.Documents.Count;
            board.Closed(shard);
        }

        public void EndList() => board.EndListAsync(default).Wait();
    }
}
