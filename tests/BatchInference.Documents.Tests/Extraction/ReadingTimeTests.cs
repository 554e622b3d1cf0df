using System.Text;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Documents.Tests.Extraction.Isolation;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Whose time is counted, and what it costs when it is up.</summary>
public sealed class ReadingTimeTests
{
    private static readonly ExtractionLimits Limits = new() { Bytes = 64 << 20, ContainerBytes = 64 << 20 };

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task WhatTheCallerDoesWithAReadingIsNoTimeOfTheDocument() =>
        await ShouldBeReadAsync(DocumentReader.Standard(Limits, time));

    [Fact]
    public async Task NorIsItOfOneThatIsReadInAnotherProcess()
    {
        var settings = new HostSettings(Limits, OcrTools.None, new ContentFields(), 256L << 20);
        using var reader = new IsolatedDocumentReader(HostCommand.OfThisProgram(HostVerbs.Standard), DocumentReader.Standard(Limits, time), settings, new IsolationLimits { Memory = settings.Memory }, time);
        await ShouldBeReadAsync(reader);
    }

    [Fact]
    public async Task AMemberWhoseTimeIsUpHidesNoneBehindIt()
    {
        var fields = new ContentFields();
        var reader = new LocalDocumentReader([new SlowExtractor()], [new JsonLinesOpener(fields)], OcrTools.None, Limits with { Time = TimeSpan.FromSeconds(3) }, TimeProvider.System);
        var readings = await reader.ReadAsync(Lines("first", "slow", "last"), _ => false, default).ToListAsync();
        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("#1", "first"), ("#2", null), ("#3", "last")]);
        readings[1].Failure.ShouldBe(new DocumentFailure("extract", "The text could not be got within 3 seconds, the limit of the configuration (Limits:Seconds).", false));
    }

    private async Task ShouldBeReadAsync(DocumentReader reader)
    {
        // More than a pipe holds: what is not asked for yet cannot be there already.
        var filling = string.Concat(Enumerable.Repeat(" and so on", 50_000));
        string[] words = ["first", "second", "third"];
        List<string?> texts = [];
        await foreach (var reading in reader.ReadAsync(Lines([.. words.Select(word => word + filling)]), _ => false, default))
        {
            texts.Add(reading.Text?.Text.Split(' ')[0] ?? reading.Failure?.Reason);
            time.Advance(TimeSpan.FromDays(1));
        }

        texts.ShouldBe(words);
    }

    private static Document Lines(params string[] texts)
    {
        var content = Encoding.UTF8.GetBytes(string.Concat(texts.Select(text => $"{{\"text\": \"{text}\"}}\n")));
        return new Document(new DocumentId("a.jsonl", "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content)));
    }

    /// <summary>Waits without end where the text says so, as long as nobody asks it to stop.</summary>
    private sealed class SlowExtractor : TextExtractor
    {
        public override IReadOnlyList<string> MediaTypes => [BatchInference.Documents.Extraction.MediaTypes.Text];

        public override int Revision => 1;

        public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
        {
            var text = TextEncodings.Decode(content);
            if (text == "slow") cancellationToken.WaitHandle.WaitOne();
            cancellationToken.ThrowIfCancellationRequested();
            return new ExtractedText(text, mediaType);
        }
    }
}
