using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction;
using CsCheck;

namespace BatchInference.Documents.Tests.Containers;

/// <summary>What stands in containers, and what is refused of them.</summary>
public sealed class ContainerReadingTests
{
    private static readonly ExtractionLimits Limits = new() { Bytes = 1 << 20, ContainerBytes = 64 << 20, Depth = 4, Members = 50, UnfoldedBytes = 200 << 20, CompressionRatio = 100 };

    [Fact]
    public async Task DocumentsOfAZipAreReadUnderItsNameToAnyDepth()
    {
        var inner = Zip(("c.txt", Letter("innermost")));
        var readings = await ReadAsync("a.zip", Zip(("one.txt", Letter("first")), ("folder/", []), ("folder/two é.txt", Letter("second")), ("b.zip", inner)));
        readings.Select(reading => (reading.Member, Word(reading))).ShouldBe([("!/one.txt", "first"), ("!/folder/two é.txt", "second"), ("!/b.zip!/c.txt", "innermost")]);
        readings.Select(reading => reading.ListedSha256).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void HoweverManyMembersOfOneNameAContainerHasEachIsNumberedAtOnce()
    {
        var names = new MemberNames();
        var given = Enumerable.Range(0, 200_000).Select(_ => names.Next(new Member("letter.txt", () => Stream.Null), out var _)).ToArray();
        given.Distinct(StringComparer.Ordinal).Count().ShouldBe(given.Length);
        given[..3].ShouldBe(["!/letter.txt", "!/letter (2).txt", "!/letter (3).txt"]);
        names.Next(new Member("letter (200001).txt", () => Stream.Null), out var _).ShouldBe("!/letter (200001).txt");
        names.Next(new Member("letter.txt", () => Stream.Null), out var _).ShouldBe("!/letter (200002).txt");
    }

    // PostgreSQL's longest key has 2,704 bytes, some of them its own.
    [Theory, InlineData(10, 1200), InlineData(1450, 1200), InlineData(1451, 1199), InlineData(2400, 250)]
    public void TheNameOfADocumentInsideAnotherLeavesRoomForThatOne(int listed, int longest)
    {
        var name = new string('n', listed);
        var inside = "!/" + string.Concat(Enumerable.Repeat("é", 700)) + ".txt";
        var cut = MemberNames.Shortened(inside, name);
        Encoding.UTF8.GetByteCount(cut).ShouldBeInRange(longest - 1, longest);
        cut.ShouldMatch("^!/é+~[0-9a-f]{16}[.]txt$");
        MemberNames.Shortened("!/letter.txt", name).ShouldBe("!/letter.txt");
    }

    [Fact]
    public async Task NoMemberCanTakeTheNameOfAnotherContainersMember()
    {
        var readings = await ReadAsync("box.zip", Zip(
            ("b.zip", Zip(("c.txt", Letter("inside")))), ("b.zip!/c.txt", Letter("beside")),
            ("d.jsonl", "{\"text\":\"A record of the minutes.\"}\n{\"text\":\"Another one.\"}\n"u8.ToArray()), ("d.jsonl#2", Letter("beside")), ("Lettre #3.txt", Letter("number"))));
        readings.Select(reading => reading.Member).ShouldBe(["!/b.zip!/c.txt", "!/b.zip_/c.txt", "!/d.jsonl#1", "!/d.jsonl#2", "!/d.jsonl_2", "!/Lettre #3.txt"]);
    }

    [Fact]
    public async Task NoAttachmentCanTakeTheNameOfWhatIsWrongWithTheRest()
    {
        var readings = await ReadAsync("mail.eml", Mail(("*", Letter("star")), ("a.txt", Letter("a"))), Limits with { Members = 1 });
        readings.Select(reading => reading.Member).ShouldBe([null, "!/_", "!/*"]);
    }

    [Fact]
    public Task NamesInsideADocumentAreUniqueWhateverTheyAre() => Boxes(3).SampleAsync(async box =>
    {
        var readings = await ReadAsync(box.Name, box.Content, Limits with { Depth = 3, Members = 1000 });
        readings.Select(reading => reading.Member).ShouldBeUnique();
    }, iter: 300, print: box => box.Shape);

    private static Gen<(string Name, byte[] Content, string Shape)> Boxes(int depth)
    {
        // Mostly such as could be another's in a container named "a", which types are found in by content; else whatever is special to a name.
        var likely = OneOf("a", "a", "a", "*", "a!/a", "a!/*", "a#1", "a!/a#1", "a!/a!/a", "a (2)", "a!/a (2)", "#1");
        var name = Gen.OneOf(likely, likely, OneOf("a", "*", "!", "#", "/", "1", "!/", "#1", "\ud800", " (2)", "..", "\\", "c:", "\u0001").Array[1, 4].Select(string.Concat));
        var leaf = OneOf((Letter("leaf"), "letter"), (Records(2), "records"));
        var entry = depth == 0 ? leaf : Gen.OneOf(leaf, Boxes(depth - 1).Select(box => (box.Content, box.Shape)));
        return Gen.Select(name, Gen.Select(name, entry).Array[0, 4], Gen.Bool).Select((own, entries, isMail) =>
        {
            var members = entries.Select(one => (one.Item1, one.Item2.Item1)).ToArray();
            return (own, isMail ? Mail(members) : Zip(members), $"{(isMail ? "mail" : "zip")} {own} [{string.Join(", ", entries.Select(one => $"{one.Item1}: {one.Item2.Item2}"))}]");
        });
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static byte[] Records(int count) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, count).Select(number => $"{{\"text\":\"Record {number} of the minutes.\"}}\n")));

    private static byte[] Mail(params (string Name, byte[] Content)[] attachments)
    {
        using var mail = new MimeKit.MimeMessage { From = { new MimeKit.MailboxAddress("A", "a@example.org") }, Subject = "Minutes", Body = new MimeKit.Multipart("mixed") { new MimeKit.TextPart("plain") { Text = "The minutes are attached." } } };
        foreach (var (name, content) in attachments)
            ((MimeKit.Multipart)mail.Body).Add(new MimeKit.MimePart("application", "octet-stream") { FileName = name, ContentDisposition = new MimeKit.ContentDisposition("attachment") { FileName = name }, ContentTransferEncoding = MimeKit.ContentEncoding.Base64, Content = new MimeKit.MimeContent(new MemoryStream(content)) });
        using var bytes = new MemoryStream();
        mail.WriteTo(bytes);
        return bytes.ToArray();
    }

    [Fact]
    public async Task ATarIsReadBareAndCompressedAndASingleFileTakesTheNameWithoutTheEnding()
    {
        var tar = Tar(("one.txt", Letter("first")), ("folder/two.txt", Letter("second")));
        (await ReadAsync("a.tar", tar)).Select(reading => (reading.Member, Word(reading))).ShouldBe([("!/one.txt", "first"), ("!/folder/two.txt", "second")]);
        (await ReadAsync("a.tar.gz", Gzip(tar))).Select(reading => (reading.Member, Word(reading))).ShouldBe([("!/one.txt", "first"), ("!/folder/two.txt", "second")]);
        (await ReadAsync("minutes.txt.gz", Gzip(Letter("minutes")))).Select(reading => (reading.Member, Word(reading))).ShouldBe([("!/minutes.txt", "minutes")]);
    }

    [Fact]
    public async Task AMailIsReadWithItsAttachmentsAndTheMailsAttachedToIt()
    {
        const string attached = "From: b@example.org\r\nSubject: The old mail\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n\r\nThe text of the old mail, which was sent before.\r\n";
        var readings = await ReadAsync("mail.eml", Encoding.UTF8.GetBytes(
            "From: a@example.org\r\nSubject: New\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
            "--b\r\nContent-Type: text/plain\r\n\r\nSee the letter that is attached here.\r\n" +
            "--b\r\nContent-Type: text/plain; name=\"letter.txt\"\r\nContent-Disposition: attachment; filename=\"letter.txt\"\r\n\r\n" + Encoding.UTF8.GetString(Letter("attached")) +
            "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + attached + "\r\n--b--\r\n"));
        readings.Select(reading => reading.Member).ShouldBe([null, "!/letter.txt", "!/The old mail.eml"]);
        readings[2].Text!.Text.ShouldContain("which was sent before");
    }

    [Fact]
    public async Task AMailboxIsReadMailByMail()
    {
        const string mail = "From: a@example.org\nSubject: Number {0}\nDate: Mon, 23 Nov 2026 08:00:00 +0000\n\nThe text of mail {0}.\n>From here on it is quoted.\n\n";
        var box = string.Concat(Enumerable.Range(1, 3).Select(number => "From a@example.org Mon Nov 23 08:00:00 2026\n" + string.Format(System.Globalization.CultureInfo.InvariantCulture, mail, number)));
        var readings = await ReadAsync("box.mbox", Encoding.UTF8.GetBytes(box));
        readings.Select(reading => reading.Member).ShouldBe(["!/1.eml", "!/2.eml", "!/3.eml"]);
        readings[1].Text!.Text.ShouldContain("The text of mail 2.");
        readings[1].Text!.Text.ShouldContain("\nFrom here on");
    }

    [Fact]
    public async Task TheFilesOfASedaPackageCarryItsIdentifiers()
    {
        const string manifest =
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ArchiveTransfer xmlns="fr:gouv:culture:archivesdefrance:seda:v2.1">
              <Comment>Versement de test</Comment><MessageIdentifier>MessageIdentifier0</MessageIdentifier>
              <DataObjectPackage>
                <DataObjectGroup id="ID10"><BinaryDataObject id="ID12"><DataObjectVersion>BinaryMaster_1</DataObjectVersion><Uri>content/ID12.txt</Uri><FileInfo><Filename>rapport.txt</Filename></FileInfo></BinaryDataObject></DataObjectGroup>
                <DescriptiveMetadata><ArchiveUnit id="ID1"><Content><DescriptionLevel>RecordGrp</DescriptionLevel><Title>Dossier du conseil</Title></Content>
                  <ArchiveUnit id="ID11"><Content><Title>Rapport annuel</Title></Content><DataObjectReference><DataObjectGroupReferenceId>ID10</DataObjectGroupReferenceId></DataObjectReference></ArchiveUnit>
                </ArchiveUnit></DescriptiveMetadata>
              </DataObjectPackage>
            </ArchiveTransfer>
            """;
        var expected = new Dictionary<string, string> { ["sedaTransfer"] = "MessageIdentifier0", ["sedaArchiveUnit"] = "ID11", ["sedaDataObject"] = "ID12", ["sedaTitle"] = "Rapport annuel", ["sedaFilename"] = "rapport.txt" };
        (string, byte[])[] package = [("manifest.xml", Encoding.UTF8.GetBytes(manifest)), ("content/ID12.txt", Letter("rapport"))];
        foreach (var (name, bytes) in new[] { ("sip.zip", Zip(package)), ("sip.tar", Tar(package)), ("sip.tar.gz", Gzip(Tar(package))), ("last.tar", Tar(package[1], package[0])) })
            (await ReadAsync(name, bytes)).Single(reading => reading.Member == "!/content/ID12.txt").Identifiers.ShouldBe(expected, ignoreOrder: true, name);
    }

    // The ledger keeps names as keys of an index, which have a longest length in PostgreSQL.
    [Fact]
    public async Task NamesOfAnyLengthStayApartAndFitIntoAKey()
    {
        var content = Zip(Enumerable.Range(0, 3).Select(number => ($"{new string('文', 900)}/{number}.txt", Letter($"letter {number}"))).ToArray());
        for (var depth = 0; depth < 2; depth++)
            content = Zip(($"{new string('é', 900)}.zip", content));
        var readings = await ReadAsync("box.zip", content);
        readings.Count.ShouldBe(3);
        readings.Select(reading => reading.Member!).ShouldBeUnique();
        readings.ShouldAllBe(reading => reading.Text != null && reading.Member!.EndsWith(".txt") && Encoding.UTF8.GetByteCount(reading.Member) <= 1200);
        (await ReadAsync("box.zip", content)).Select(reading => reading.Member).ShouldBe(readings.Select(reading => reading.Member));
    }

    [Fact]
    public async Task ANameThatLeadsOutsideIsRefusedAndAnAbsoluteOneIsMadeRelative()
    {
        var readings = await ReadAsync("a.zip", Zip(("../../etc/passwd", Letter("outside")), (@"C:\letters\a.txt", Letter("drive")), ("/srv/b.txt", Letter("root")), ("a\u0000b.txt", Letter("zero")), ("/srv/b.txt", Letter("twice"))));
        readings.Select(reading => reading.Member).ShouldBe(["!/__/__/etc/passwd", "!/letters/a.txt", "!/srv/b.txt", "!/a_b.txt", "!/srv/b (2).txt"]);
        readings[0].Failure.ShouldBe(new DocumentFailure("extract", "The container names this document \"../../etc/passwd\", which leads outside of it, as only an attack does; it was not read.", true));
        Word(readings[1]).ShouldBe("drive");
    }

    [Fact]
    public async Task ABombIsRefusedWithItsReasonWhereverItStands()
    {
        var zeros = new byte[1 << 20];
        var layer = Zip([.. Enumerable.Range(0, 40).Select(number => ($"{number}.txt", zeros))]);
        var nested = Zip([.. Enumerable.Range(0, 10).Select(number => ($"layer{number}.zip", Zip(("deeper.zip", layer))))]);
        var readings = await ReadAsync("42.zip", nested, Limits with { Members = 1000 });
        readings.Count(reading => reading.Failure is null).ShouldBe(0);
        readings[^1].Member.ShouldBeNull();
        readings[^1].Failure.ShouldBe(new DocumentFailure("extract", "The ZIP archive was read no further: it unfolds to more than 100 times its size, the limit of the configuration (Limits:CompressionRatio), as decompression bombs do.", true));
    }

    [Fact]
    public async Task FilesThatOverlapInAZipAreCountedEachTime()
    {
        var readings = await ReadAsync("overlap.zip", Overlapping(200, new byte[1 << 20]), Limits with { Members = 1000 });
        readings[^1].Member.ShouldBeNull();
        readings[^1].Failure!.Reason.ShouldContain("Limits:CompressionRatio");
        readings.Count.ShouldBeLessThan(80);
    }

    [Fact]
    public async Task MoreDocumentsThanTheLimitOrDeeperThanTheLimitAreTold()
    {
        var readings = await ReadAsync("many.zip", Zip([.. Enumerable.Range(0, 60).Select(number => ($"{number}.txt", Letter("many")))]));
        readings.Count.ShouldBe(51);
        readings[^1].Failure!.Reason.ShouldBe("The ZIP archive was read no further: it holds more than 50 documents, the limit of the configuration (Limits:Members).");

        var deep = Zip(("letter.txt", Letter("deep")));
        for (var level = 0; level < 6; level++) deep = Zip(("inner.zip", deep));
        (await ReadAsync("deep.zip", deep)).Single().Failure!.Reason.ShouldBe("The ZIP archive stands in 4 others, the limit of the configuration (Limits:Depth); it was not opened.");
    }

    [Fact]
    public async Task ADamagedContainerKeepsWhatWasReadBefore()
    {
        var tar = Gzip(Tar(("one.txt", Letter("first")), ("two.txt", Noise(600_000))));
        var readings = await ReadAsync("a.tar.gz", tar[..(tar.Length / 2)]);
        Word(readings[0]).ShouldBe("first");
        readings[^1].Failure!.Permanent.ShouldBeTrue();
        (await ReadAsync("empty.zip", Zip())).Single().Failure!.Reason.ShouldBe("The ZIP archive holds no documents.");
        (await ReadAsync("torn.zip", Zip(("a.txt", Letter("a")))[..60])).Single().Failure!.Permanent.ShouldBeTrue();
    }

    [Fact]
    public async Task ADocumentOverItsLimitFailsAloneAndAContainerHasALimitOfItsOwn()
    {
        var readings = await ReadAsync("a.zip", Zip(("big.txt", Noise(3 << 20)), ("small.txt", Letter("small"))));
        readings[0].Failure!.Reason.ShouldBe("The document is larger than 1 MB, the limit of the configuration (Limits:Megabytes).");
        Word(readings[1]).ShouldBe("small");
    }

    [Theory]
    [InlineData("records.jsonl")]
    [InlineData("mail.eml")]
    [InlineData("box.tar")]
    [InlineData("box.mbox")]
    public async Task WhatHoldsDocumentsMayBeLargerThanADocumentHoweverItComes(string name)
    {
        var attachment = Noise(700_000);
        var content = name switch
        {
            "records.jsonl" => Records(60_000),
            "mail.eml" => Mail(("a.bin", attachment), ("b.bin", attachment), ("c.txt", Letter("c"))),
            "box.mbox" => [.. "From a@example.org Mon Nov 23 08:00:00 2026\n"u8, .. Mail(("a.bin", attachment), ("b.bin", attachment))],
            _ => Tar(("a.bin", attachment), ("b.bin", attachment), ("c.txt", Letter("c"))),
        };
        content.Length.ShouldBeGreaterThan(1 << 20);
        var trickling = new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new Trickle(content)));
        var readings = await DocumentReader.Standard(Limits with { Members = 100_000 }, TimeProvider.System).ReadAsync(trickling, _ => false, default).ToListAsync();
        readings.Count.ShouldBeGreaterThanOrEqualTo(3);
        readings.ShouldNotContain(reading => reading.Failure != null && reading.Failure.Reason.Contains("Megabytes"));
    }

    [Fact]
    public async Task ALargeDocumentThatHoldsNoneIsRefusedAsBefore() =>
        (await ReadAsync("a.json", Encoding.UTF8.GetBytes($"{{\"text\": \"{new string('a', 2 << 20)}\"}}"))).ShouldHaveSingleItem().Failure!.Reason.ShouldBe("The document is larger than 1 MB, the limit of the configuration (Limits:Megabytes).");

    [Fact]
    public void OfTheFilesBesideTheFoldersOnlyTheBeginningIsReadForAManifest()
    {
        var invoices = Zip([.. Enumerable.Range(0, 20).Select(number => ($"{number}.xml", Encoding.UTF8.GetBytes($"<invoice>{new string(' ', 1 << 20)}</invoice>")))]);
        var unfolded = 0L;
        var source = new ContainerSource("a.zip", MediaTypes.Zip, Limits, read => unfolded += read);
        new ArchiveOpener().Open(new MemoryStream(invoices), source, default).First().Name.ShouldBe("0.xml");
        unfolded.ShouldBeInRange(20 * 1024, 20 * 16 * 1024);
        Should.Throw<OperationCanceledException>(() => new ArchiveOpener().Open(new MemoryStream(invoices), source, new CancellationToken(canceled: true)).First());
    }

    [Fact]
    public async Task ManifestsThatAreABombAreCounted()
    {
        var bomb = Encoding.UTF8.GetBytes($"<ArchiveTransfer xmlns=\"fr:gouv:culture:archivesdefrance:seda:v2.1\">{new string(' ', 1_000_000)}");
        var readings = await ReadAsync("sip.zip", Zip([.. Enumerable.Range(0, 80).Select(number => ($"{number}.xml", bomb))]), Limits with { Members = 1000 });
        readings.ShouldHaveSingleItem().Failure!.Reason.ShouldContain("Limits:CompressionRatio");
    }

    [Fact]
    public async Task AnXmlFileBesideTheFoldersOfATarIsReadWhole()
    {
        var report = Encoding.UTF8.GetBytes($"<report>{string.Concat(Enumerable.Range(0, 5000).Select(number => $"<p>Line {number} of the report.</p>\n"))}</report>");
        (await ReadAsync("a.tar.gz", Gzip(Tar(("report.xml", report))))).ShouldHaveSingleItem().Text!.Text.ShouldContain("Line 4999 of");
    }

    /// <summary>Gives a few bytes at a time, as a network does.</summary>
    private sealed class Trickle(byte[] content) : MemoryStream(content)
    {
        private bool begun;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = base.Read(buffer.Span[..(begun ? buffer.Length : Math.Min(100, buffer.Length))]);
            begun = true;
            return ValueTask.FromResult(read);
        }
    }

    private static string? Word(DocumentReading reading) => reading.Text?.Text.Split('«', '»') is [_, var word, ..] ? word : reading.Failure?.Reason;

    private static byte[] Letter(string word) => Encoding.UTF8.GetBytes($"This is the letter «{word}» to the mayor of the town.\n");

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private static Task<List<DocumentReading>> ReadAsync(string path, byte[] content, ExtractionLimits? limits = null) =>
        DocumentReader.Standard(limits ?? Limits, TimeProvider.System)
            .ReadAsync(new Document(new DocumentId(path, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync().AsTask();

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
                using (var stream = archive.CreateEntry(name).Open())
                    stream.Write(content);
        return bytes.ToArray();
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true))
            foreach (var (name, content) in entries)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return bytes.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionMode.Compress))
            gzip.Write(content);
        return bytes.ToArray();
    }

    // Many entries of the central directory that point at one and the same local file.
    private static byte[] Overlapping(int times, byte[] content)
    {
        var one = Zip(("a.txt", content));
        var end = one.AsSpan().LastIndexOf("PK\x05\x06"u8);
        var directory = (int)BitConverter.ToUInt32(one, end + 16);
        var entry = one[directory..end];
        using var bytes = new MemoryStream();
        bytes.Write(one.AsSpan(0, directory));
        for (var time = 0; time < times; time++) bytes.Write(entry);
        var tail = one[end..];
        BitConverter.TryWriteBytes(tail.AsSpan(8), (ushort)times);
        BitConverter.TryWriteBytes(tail.AsSpan(10), (ushort)times);
        BitConverter.TryWriteBytes(tail.AsSpan(12), (uint)(entry.Length * times));
        bytes.Write(tail);
        return bytes.ToArray();
    }
}
