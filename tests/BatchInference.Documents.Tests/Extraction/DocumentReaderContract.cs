using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>What each reader promises, wherever it reads.</summary>
public abstract class DocumentReaderContract
{
    /// <summary>What the heirs read with.</summary>
    protected static readonly ExtractionLimits Limits = new() { Bytes = 1 << 20, ContainerBytes = 1 << 20, Time = TimeSpan.FromSeconds(60) };

    /// <summary>The reader, with the standard extractors, these limits and no tools for scans.</summary>
    protected abstract DocumentReader Reader { get; }

    [Fact]
    public async Task ATextIsReadWithItsHashTypeAndLanguage()
    {
        var reading = await Read("lettre.txt", Encoding.UTF8.GetBytes("Madame, Monsieur,\r\n\r\nVeuillez trouver ci-joint le compte rendu de la réunion du conseil.\r\n"));
        reading.Failure.ShouldBeNull();
        reading.Text!.Text.ShouldBe("Madame, Monsieur,\n\nVeuillez trouver ci-joint le compte rendu de la réunion du conseil.");
        reading.Text.Language.ShouldBe("fr");
        reading.MediaType.ShouldBe("text/plain");
        reading.Sha256.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes("Madame, Monsieur,\r\n\r\nVeuillez trouver ci-joint le compte rendu de la réunion du conseil.\r\n"))));
    }

    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", false)]
    [InlineData("windows-1252", false)]
    [InlineData("iso-8859-15", false)]
    public async Task TheEncodingIsFoundByTheBytes(string name, bool mark)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var text = "L'été, la cœur de l'œuvre coûtait 30 € à Angoulême ; déjà vu, où que ce fût. Le maire a répondu à la lettre des élèves.";
        var encoding = Encoding.GetEncoding(name);
        var reading = await Read("a.txt", [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);
        reading.Text!.Text.ShouldBe(text);
    }

    [Theory]
    [InlineData("", "The document is empty (0 bytes).")]
    [InlineData(" \r\n\t\u00A0\n", "The document holds no text: only blanks.")]
    public async Task ADocumentWithoutTextSaysSo(string text, string reason)
    {
        var reading = await Read("vide.txt", Encoding.UTF8.GetBytes(text));
        reading.Failure.ShouldBe(new DocumentFailure("extract", reason, true));
        reading.Sha256.ShouldNotBeNull();
    }

    [Fact]
    public async Task ATypeThatIsNotReadIsNamedWithTheNameThatItBears() =>
        (await Read("photo.pdf", "GIF89a"u8.ToArray())).Failure
            .ShouldBe(new DocumentFailure("extract", "The file is a GIF image, named .pdf; this type is not read.", true));

    [Fact]
    public async Task ADocumentOverTheLimitIsRefusedBeforeItIsHeldInMemory() =>
        (await Read("big.txt", new byte[(1 << 20) + 1])).Failure
            .ShouldBe(new DocumentFailure("open", "The document is larger than 1 MB, the limit of the configuration (Limits:Megabytes).", true));

    [Fact]
    public async Task WhatTheStorageRefusesMayBeTriedAgain()
    {
        var locked = new Document(new DocumentId("a.txt", "1"), 3, _ => throw new UnauthorizedAccessException());
        (await Reader.ReadAsync(locked, _ => false, default).SingleAsync()).Failure.ShouldBe(new DocumentFailure("open", "Permission denied: the account of the service may not read the document.", false));
    }

    [Fact]
    public async Task ACancellationIsNoFailure()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Reader.ReadAsync(new Document(new DocumentId("a", "1"), 1, token => { token.ThrowIfCancellationRequested(); return new(new MemoryStream()); }), _ => false, stopped.Token).SingleAsync().AsTask());
    }

    [Fact]
    public async Task AContentThatIsKnownIsNotRead()
    {
        var reading = await Reader.ReadAsync(new Document(new DocumentId("a.txt", "1"), null, _ => ValueTask.FromResult<Stream>(new MemoryStream([1, 2, 3]))), _ => true, default).SingleAsync();
        reading.Known.ShouldBeTrue();
        reading.Text.ShouldBeNull();
        reading.Sha256.ShouldNotBeNull();
    }

    [Fact]
    public async Task TheMembersOfAContainerComeInItsOrderAndAreReadLikeDocuments()
    {
        var content = await File.ReadAllBytesAsync(Repository.At("tests/fixtures/documents/files/both.zip"));
        var readings = await Reader.ReadAsync(new Document(new DocumentId("both.zip", "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync();
        readings.Select(reading => reading.Member).ShouldBe(["!/1 été.txt", "!/deep/2.txt"]);
        readings.ShouldAllBe(reading => reading.Text != null && reading.ListedSha256 == readings[0].ListedSha256);
        readings.Select(reading => reading.Text!.Language).ShouldBe(["fr", "en"]);
    }

    [Fact]
    public async Task PagesAndIdentifiersComeWithTheText()
    {
        var pages = await Read("report.pages.pdf", await File.ReadAllBytesAsync(Repository.At("tests/fixtures/documents/files/report.pages.pdf")));
        pages.Text!.Pages.Count.ShouldBeGreaterThan(2);
        pages.Text.Pages.ShouldAllBe(page => page.Start + page.Length <= pages.Text.Text.Length);
        var content = await File.ReadAllBytesAsync(Repository.At("tests/fixtures/documents/files/both.batch.jsonl"));
        var requests = await Reader.ReadAsync(new Document(new DocumentId("both.batch.jsonl", "1"), null, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync();
        requests.Select(reading => (reading.Member, reading.Identifiers["customId"])).ShouldBe([("#1", "request-0"), ("#2", "request-1")]);
    }

    [Fact]
    public async Task AStorageThatIsOutIsNoDocumentsFailure()
    {
        var away = new Document(new DocumentId("a.txt", "1"), 3, _ => throw new StorageUnavailableException("The storage is busy."));
        await Should.ThrowAsync<StorageUnavailableException>(() => Reader.ReadAsync(away, _ => false, default).SingleAsync().AsTask());
        (await Read("a.txt", "Le texte suivant."u8.ToArray())).Text!.Text.ShouldBe("Le texte suivant.");
    }

    [Fact]
    public void ItsFingerprintIsThatOfTheSameExtractors() => Reader.Fingerprint.ShouldBe(DocumentReader.Standard(Limits, TimeProvider.System).Fingerprint);

    private Task<DocumentReading> Read(string path, byte[] content) =>
        Reader.ReadAsync(new Document(new DocumentId(path, "1"), null, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).SingleAsync().AsTask();
}
