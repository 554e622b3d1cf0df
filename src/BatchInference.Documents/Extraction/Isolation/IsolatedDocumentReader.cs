using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>
/// Reads in other processes, one for each document at a time: what hangs, crashes or takes all memory costs one document.
/// Processes are started when documents come, are used again, and are replaced after some documents.
/// </summary>
public sealed class IsolatedDocumentReader : DocumentReader, IDisposable
{
    // The process tells by itself that a time is up; only one that hangs is ended from here.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly HostCommand command;
    private readonly HostSettings settings;
    private readonly IsolationLimits isolation;
    private readonly TimeProvider time;
    private readonly ProcessStarter starter = new();
    private readonly ConcurrentBag<ReadingProcess> idle = [];
    private readonly ConcurrentDictionary<ReadingProcess, bool> all = new();

    /// <param name="command">Starts a process that runs <see cref="ExtractionHost"/>.</param>
    /// <param name="local">What the processes do, for its fingerprint.</param>
    /// <param name="settings">What they are told.</param>
    /// <param name="isolation">What they may cost.</param>
    /// <param name="time">The clock of the time limits.</param>
    public IsolatedDocumentReader(HostCommand command, DocumentReader local, HostSettings settings, IsolationLimits isolation, TimeProvider time)
    {
        (this.command, this.settings, this.isolation, this.time) = (command, settings, isolation, time);
        Fingerprint = local.Fingerprint;
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <summary>What the processes are told.</summary>
    public HostSettings Settings => settings;

    /// <summary>The processes there are now.</summary>
    internal IReadOnlyCollection<int> Processes => [.. all.Keys.Select(process => process.Id)];

    /// <inheritdoc/>
    public override async IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A visit a process: the first one, or as many as the document brings down.
        var course = new ReadingCourse(isolation.Time);
        while (true)
        {
            await using var visit = new Visit(this, document, course, cancellationToken);
            if (await visit.OpenAsync(course.IsFirst ? isKnown : _ => false) is { } only)
            {
                yield return only with { Member = course.MemberOfFailure };
                yield break;
            }

            while (!course.HasStrayed && await visit.NextAsync() is { } reading)
                if (course.IsNew(reading)) yield return reading;

            if ((visit.Fall ?? course.Stray()) is not { } fall) yield break;
            if (course.GoesOnAfter(fall)) continue;
            yield return new DocumentReading { Member = course.MemberOfFailure, Sha256 = visit.Sha256, ListedSha256 = visit.Sha256, Failure = fall.Failure };
            yield break;
        }
    }

    /// <summary>Ends all processes.</summary>
    public void Dispose()
    {
        starter.Dispose();
        foreach (var process in all.Keys)
            if (all.TryRemove(process, out _)) process.Dispose();
    }

    // Of those that wait some may have ended, by chance or by an administrator's hand; a second attempt goes to none of them, so that what befell two processes is never one document's fault.
    private async Task<ReadingProcess> TakeAsync(bool isSecond, CancellationToken cancellationToken)
    {
        while (!isSecond && idle.TryTake(out var waiting))
        {
            if (!waiting.HasExited) return waiting;
            Return(waiting, sound: false);
        }

        var process = await ReadingProcess.StartAsync(starter, command, settings, cancellationToken);
        all[process] = true;
        return process;
    }

    private void Return(ReadingProcess process, bool sound)
    {
        if (sound && process.Documents < isolation.DocumentsPerProcess)
        {
            idle.Add(process);
            return;
        }

        if (all.TryRemove(process, out _)) process.Dispose();
    }

    /// <summary>
    /// One document in one process: it is sent whole, then its readings are heard one by one. What was brought down, or hangs, ends the visit with a <see cref="Fall"/>,
    /// and <see cref="ReadingCourse"/> decides whether another process is visited.
    /// </summary>
    private sealed class Visit(IsolatedDocumentReader reader, Document document, ReadingCourse course, CancellationToken cancellationToken) : IAsyncDisposable
    {
        // Ends the process when the time of the whole is up; runs only while the process is waited for.
        private readonly CancellationTokenSource whole = new(course.TimeLeft, reader.time);
        private long? waitsSince = reader.time.GetTimestamp();
        private ReadingProcess? process;
        // The document inside the container that the process told last that it begins with.
        private int step = ReadingSteps.First;
        private bool any;
        // After a time-out, for lack of memory or when it says what none says, the process serves no further document.
        private bool isWorn;

        public string? Sha256 { get; private set; }

        /// <summary>Why there are no more readings; null when that were all.</summary>
        public Fall? Fall { get; private set; }

        /// <summary>Sends the content; gives a reading when that is all there is to say.</summary>
        public async Task<DocumentReading?> OpenAsync(Func<string, bool> isKnown)
        {
            var limits = reader.settings.Limits;
            if (DocumentContent.Refusal(document, limits) is { } refusal) return new DocumentReading { Failure = FailureReasons.Reading(refusal, limits) };
            process = await reader.TakeAsync(isSecond: !course.IsFirst, cancellationToken);
            using var timed = new CancellationTokenSource(limits.Time, reader.time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timed.Token);
            // A storage that is slow ends with its time. A process that takes nothing holds up a write, which only its end ends.
            using var frozen = new CancellationTokenSource(limits.Time + Grace, reader.time);
            using var end = cancellationToken.Register(process.End);
            using var endOfFrozen = frozen.Token.Register(process.End);
            try
            {
                (Sha256, var bytes) = await process.SendAsync(document, course.Given, course.PassedOver, Math.Max(limits.Bytes, limits.ContainerBytes), both.Token);
                course.Begin(Sha256);
                if (isKnown(Sha256))
                {
                    await ForgetAsync();
                    return new DocumentReading { Sha256 = Sha256, ListedSha256 = Sha256, Bytes = bytes, Known = true };
                }

                await process.BeginAsync();
                return null;
            }
            catch (BrokenPipeException) when (frozen.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return new DocumentReading { Failure = FailureReasons.Extraction(new OperationCanceledException(), "", limits) };
            }
            catch (BrokenPipeException)
            {
                // The end of its output tells why.
                return null;
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            catch (StorageUnavailableException)
            {
                // Not the document's failure; the caller may wait for the storage and read again.
                await ForgetAsync();
                throw;
            }
            catch (Exception error)
            {
                await ForgetAsync();
                return new DocumentReading { Failure = FailureReasons.Reading(error, limits) };
            }
        }

        /// <summary>The next reading; null after the last, or when there can be no more.</summary>
        public async Task<DocumentReading?> NextAsync()
        {
            var patience = reader.settings.Limits.Time + Grace;
            GoOn();
            while (true)
            {
                using var stalled = new CancellationTokenSource(patience, reader.time);
                (FrameKind Kind, byte[] Payload)? heard;
                using (cancellationToken.Register(process!.End))
                using (stalled.Token.Register(process.End))
                using (whole.Token.Register(process.End))
                    heard = await process.HearAsync();
                cancellationToken.ThrowIfCancellationRequested();
                switch (heard)
                {
                    case (FrameKind.Step, { Length: sizeof(int) } payload) when BitConverter.ToInt32(payload) == step + 1:
                        step++;
                        patience = reader.settings.Limits.Time + Grace;
                        continue;
                    case (FrameKind.MoreTime, { Length: sizeof(double) } payload) when BitConverter.ToDouble(payload) is >= 0 and var seconds:
                        patience = TimeSpan.FromSeconds(Math.Min(seconds, reader.isolation.Time.TotalSeconds)) + reader.settings.Limits.Time + Grace;
                        continue;
                    case (FrameKind.Reading, var payload) when HeardReading.Of(payload, isGiven: step < course.Given) is { } reading:
                        any = true;
                        isWorn |= reading.Failure is { Permanent: false };
                        Halt();
                        return reading with { ListedSha256 = Sha256 };
                    case (FrameKind.End, _) when any:
                        return null;
                    case not null:
                        isWorn = true;
                        Fall = Strange();
                        return null;
                    default:
                        Fall = await FallAsync(stalled.IsCancellationRequested);
                        return null;
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            whole.Dispose();
            if (process is not null) reader.Return(process, !process.Busy && !isWorn);
            return ValueTask.CompletedTask;
        }

        // The time of the whole stands still while the caller has a reading: a model or an output that takes long is not the document's fault.
        private void Halt()
        {
            if (waitsSince is { } since) course.TimeLeft -= reader.time.GetElapsedTime(since);
            waitsSince = null;
            whole.CancelAfter(Timeout.InfiniteTimeSpan);
        }

        private void GoOn()
        {
            if (waitsSince is not null) return;
            waitsSince = reader.time.GetTimestamp();
            whole.CancelAfter(course.TimeLeft > TimeSpan.Zero ? course.TimeLeft : TimeSpan.Zero);
        }

        // To throw away what it was sent is the work of a moment; a process that does not is ended, and is busy for ever.
        private async Task ForgetAsync()
        {
            using var frozen = new CancellationTokenSource(Grace, reader.time);
            using var end = frozen.Token.Register(process!.End);
            try
            {
                await process.ForgetAsync();
            }
            catch (BrokenPipeException)
            {
                // It is gone, and busy: it is not used again.
            }
        }

        private async Task<Fall> FallAsync(bool isStalled)
        {
            Halt();
            var limits = reader.settings.Limits;
            if (whole.IsCancellationRequested)
                return new(null, new("extract", string.Create(CultureInfo.InvariantCulture, $"The document with all that is inside it took longer than {reader.isolation.Time.TotalMinutes:0} minutes, the limit of the configuration (Limits:DocumentMinutes)."), false), MayBeChance: false);
            if (isStalled)
                return new(step, FailureReasons.Extraction(new OperationCanceledException(), "", limits), MayBeChance: false);
            if (process!.IsStrange)
                return Strange();
            var failure = OfCrash(await process.LastWordsAsync());
            return new(step, failure, MayBeChance: failure.Permanent);
        }

        private Fall Strange()
        {
            Halt();
            return new(step, new("extract", "What the process that read the document told is not what a reading is, twice: the document is made to take it over.", true), MayBeChance: true);
        }

        private DocumentFailure OfCrash(string lastWords) =>
            lastWords.Contains("Stack overflow", StringComparison.Ordinal)
                ? new("extract", "The document is nested so deeply that the process that read it ran out of stack, twice.", true)
            : lastWords.Contains("OutOfMemory", StringComparison.Ordinal) || lastWords.Contains("Out of memory", StringComparison.OrdinalIgnoreCase)
                ? new("extract", string.Create(CultureInfo.InvariantCulture, $"Reading the document took more than {reader.settings.Memory / (1024 * 1024)} MB of memory, the limit of the configuration (Limits:MemoryMegabytes)."), false)
            : new("extract", "The document brought down the process that read it, twice: it is damaged, or made to do so.", true);
    }
}
