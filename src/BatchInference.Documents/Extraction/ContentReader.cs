using System.Globalization;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Extraction;

/// <summary>Bytes → readings: the text of a document, and of the documents inside it one after the other, to any depth. Synchronous; thread-safe.</summary>
internal sealed class ContentReader
{
    // Grows when the detection of types or languages, or the form of the text, changes.
    private const int Revision = 5;

    private readonly Dictionary<string, TextExtractor> extractors;
    private readonly Dictionary<string, ContainerOpener> openers;
    private readonly ScanReader scans;
    private readonly ExtractionLimits limits;
    private readonly TimeProvider time;

    public ContentReader(IReadOnlyList<TextExtractor> extractors, IReadOnlyList<ContainerOpener> openers, ScanReader scans, ExtractionLimits limits, TimeProvider time)
    {
        (this.scans, this.time) = (scans, time);
        this.extractors = extractors.SelectMany(extractor => extractor.MediaTypes.Select(type => (type, extractor))).ToDictionary(pair => pair.type, pair => pair.extractor, StringComparer.Ordinal);
        this.openers = openers.SelectMany(opener => opener.MediaTypes.Select(type => (type, opener))).ToDictionary(pair => pair.type, pair => pair.opener, StringComparer.Ordinal);
        this.limits = limits;
        var what = this.extractors.Select(pair => (pair.Key, "text", pair.Value.Revision)).Concat(this.openers.Select(pair => (pair.Key, "members", pair.Value.Revision)))
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Item2} {one.Revision}")).Order(StringComparer.Ordinal);
        Description = string.Join('\n', what.Prepend(string.Create(CultureInfo.InvariantCulture, $"{Revision} {limits.Description}")).Append($"scans {scans.Fingerprint}"));
    }

    /// <summary>All that decides what is read.</summary>
    public string Description { get; }

    /// <summary>Reads a listed document: its own text, where its type has one, then its members. A container that fails has a reading of its own, behind those of the members read before.</summary>
    /// <param name="content">The content; stays the caller's.</param>
    /// <param name="path">The listed document's name.</param>
    /// <param name="steps">Told of each document as it begins.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public IEnumerable<DocumentReading> Read(DocumentContent content, string path, ReadingSteps steps, CancellationToken cancellationToken) =>
        Read(new Opened(content, path, null, 0), new Unfolding(content.Length, limits), steps, cancellationToken).Select(reading => reading with { ListedSha256 = content.Sha256 });

    private IEnumerable<DocumentReading> Read(Opened document, Unfolding unfolding, ReadingSteps steps, CancellationToken cancellationToken)
    {
        var (type, own) = ReadOwn(document, steps, cancellationToken);
        if (own is not null) yield return own;
        if (!openers.TryGetValue(type, out var opener)) yield break;
        foreach (var reading in ReadMembers(opener, document, type, own is not null, unfolding, steps, cancellationToken))
            yield return reading;
    }

    private (string Type, DocumentReading? Own) ReadOwn(Opened document, ReadingSteps steps, CancellationToken cancellationToken)
    {
        using var turn = new Turn(document.Began is { } began ? limits.Time - time.GetElapsedTime(began) : limits.Time, time, cancellationToken);
        void MoreTime(TimeSpan more)
        {
            turn.BeginAnew(limits.Time + more);
            steps.GiveTime(more);
        }

        var type = "";
        try
        {
            steps.Enter();
            type = TypeOf(document);
            if (!extractors.TryGetValue(type, out var extractor)) return (type, null);
            return (type, steps.IsGiven ? document.Unread() : document.Reading(Extract(extractor, document.Content, type, MoreTime, turn.Token)));
        }
        catch (Exception error) when (error is not OperationCanceledException || turn.IsOver)
        {
            return (type, document.Reading(type, FailureReasons.Extraction(error, type, limits)));
        }
    }

    private string TypeOf(Opened document)
    {
        if (document.Content.Length == 0) throw new DocumentException("The document is empty (0 bytes).", permanent: true);
        var type = document.MediaType ?? MediaTypeDetection.Detect(document.Content.Stream, document.Path);
        var read = extractors.ContainsKey(type);
        if (!read && !openers.ContainsKey(type)) throw new DocumentException(FailureReasons.Unread(type, document.Path), permanent: true);
        // What holds documents has a limit of its own, by which its bytes were taken.
        if (!openers.ContainsKey(type) && document.Content.Length > limits.Bytes) throw new DocumentException($"The document is larger than {limits.Bytes / (1024 * 1024)} MB, the limit of the configuration (Limits:Megabytes).", permanent: true);
        return type;
    }

    private ExtractedText Extract(TextExtractor extractor, DocumentContent content, string type, Action<TimeSpan> moreTime, CancellationToken cancellationToken)
    {
        content.Stream.Position = 0;
        var text = scans.Read(content.Stream, extractor.Extract(content.Stream, type, limits, cancellationToken), limits, moreTime, cancellationToken);
        if (string.IsNullOrWhiteSpace(text.Text)) throw new DocumentException("The document holds no text: only blanks.", permanent: true);
        return text with { Language = text.Language ?? LanguageDetector.Detect(text.Text) };
    }

    private IEnumerable<DocumentReading> ReadMembers(ContainerOpener opener, Opened container, string type, bool hasOwn, Unfolding unfolding, ReadingSteps steps, CancellationToken cancellationToken)
    {
        // One name, one reading: what is wrong with the members of a document that has a text of its own stands under a name of its own.
        DocumentReading Failed(Exception error) => (hasOwn ? container.Inside(MemberNames.OfTheRest) : container).Reading(type, FailureReasons.Container(error, type, limits));
        if (container.Depth == limits.Depth)
        {
            yield return Failed(new DocumentException(string.Create(CultureInfo.InvariantCulture, $"The {MediaTypes.Name(type)} stands in {limits.Depth} others, the limit of the configuration (Limits:Depth); it was not opened."), permanent: true));
            yield break;
        }

        var names = new MemberNames();
        var (any, ended) = (hasOwn, false);
        container.Content.Stream.Position = 0;
        using var members = Opening(opener, container.Content.Stream, new ContainerSource(container.Path, type, limits, unfolding.Count), cancellationToken).GetEnumerator();
        while (!ended)
        {
            DocumentReading? failure = null;
            Opened? member = null;
            try
            {
                steps.Begin();
                if (!members.MoveNext()) break;
                any = true;
                unfolding.CountMember();
                (member, failure) = OpenMember(members.Current, names, container, unfolding, steps, cancellationToken);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                (failure, any, ended) = (Failed(error), true, true);
            }

            if (failure is not null) yield return failure;
            if (member is null) continue;
            using (member.Content)
                foreach (var reading in Read(member, unfolding, steps, cancellationToken))
                    yield return reading.Identifiers.Count > 0 ? reading : reading with { Identifiers = members.Current.Identifiers };
            if (unfolding.Excess is not { } excess) continue;
            ended = true;
            yield return Failed(excess);
        }

        if (!any) yield return Failed(new DocumentException($"The {MediaTypes.Name(type)} holds no documents.", permanent: true));
    }

    // Begins to open when the first member is asked for, so that an opener may throw wherever it likes and its container alone has failed.
    private static IEnumerable<Member> Opening(ContainerOpener opener, Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        foreach (var member in opener.Open(content, source, cancellationToken)) yield return member;
    }

    private (Opened? Member, DocumentReading? Failure) OpenMember(Member member, MemberNames names, Opened container, Unfolding unfolding, ReadingSteps steps, CancellationToken cancellationToken)
    {
        var opened = container.Inside(names.Next(member, out var leadsOutside)) with { Began = time.GetTimestamp() };
        using var turn = new Turn(limits.Time, time, cancellationToken);
        try
        {
            steps.Enter();
            if (leadsOutside) throw new DocumentException($"The container names this document \"{FailureReasons.OneLine(member.Name)}\", which leads outside of it, as only an attack does; it was not read.", permanent: true);
            using var stream = member.Open();
            return (opened with { Content = DocumentContent.Read(stream, limits, member.IsCounted ? _ => { } : unfolding.Count, turn.Token), MediaType = member.MediaType }, null);
        }
        catch (Exception error) when (error is not (OperationCanceledException or UnfoldingException) || (error is OperationCanceledException && turn.IsOver))
        {
            return (null, opened.Reading("", FailureReasons.Extraction(error, "", limits)) with { Identifiers = member.Identifiers });
        }
    }

    /// <summary>The time that one document has for itself. When it is over that document has failed, and those behind it are read.</summary>
    private sealed class Turn : IDisposable
    {
        private readonly CancellationTokenSource timed;
        private readonly CancellationTokenSource both;
        private readonly CancellationToken outer;

        public Turn(TimeSpan left, TimeProvider time, CancellationToken outer)
        {
            this.outer = outer;
            timed = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            both = CancellationTokenSource.CreateLinkedTokenSource(outer, timed.Token);
        }

        /// <summary>Ends what is done in it.</summary>
        public CancellationToken Token => both.Token;

        /// <summary>True when its own time is up, and nobody asked to stop.</summary>
        public bool IsOver => timed.IsCancellationRequested && !outer.IsCancellationRequested;

        public void BeginAnew(TimeSpan left) => timed.CancelAfter(left);

        public void Dispose()
        {
            both.Dispose();
            timed.Dispose();
        }
    }

    /// <param name="Content">Its bytes; empty for one that could not be opened.</param>
    /// <param name="Path">Its whole name.</param>
    /// <param name="Member">What of it follows the listed document's name; null for that one.</param>
    /// <param name="Depth">Containers around it.</param>
    private sealed record Opened(DocumentContent Content, string Path, string? Member, int Depth)
    {
        public string? MediaType { get; init; }

        /// <summary>When its own time began; null for the listed document, whose time begins with its reading.</summary>
        public long? Began { get; init; }

        public Opened Inside(string suffix)
        {
            var listed = Path[..(Path.Length - (Member?.Length ?? 0))];
            var member = MemberNames.Shortened(Member + suffix, listed);
            return new(null!, listed + member, member, Depth + 1);
        }

        public DocumentReading Unread() => Reading();

        public DocumentReading Reading(ExtractedText text) => Reading() with { MediaType = text.MediaType, Text = text };

        public DocumentReading Reading(string type, DocumentFailure failure) => Reading() with { MediaType = type.Length == 0 ? null : type, Failure = failure };

        private DocumentReading Reading() => new() { Member = Member, Sha256 = Content?.Sha256, Bytes = Content?.Length };
    }
}
