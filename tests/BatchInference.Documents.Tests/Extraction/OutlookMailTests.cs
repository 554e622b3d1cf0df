using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Outlook;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Messages that Outlook saved, against what other programs read in the same files (tests/fixtures/outlook/README.md), and files that nobody would save.</summary>
public sealed class OutlookMailTests
{
    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System);

    // Sender, recipients, subject and body as the tests of outlook-message-parser and MSGReader assert them.
    [Theory]
    [InlineData("sent.msg", "Subject: (outlookEMLandMSGconverter Trial Version Import) BitDaddys Software", "From: \"John Doe\" <jdoes@someserver.com>", "To: sales@bitdaddys.com",
        "Dear BitDaddys Corp., We have added your software to our approved list. Thank you for your efforts, Sincerely, John Doe Some Server Company")]
    [InlineData("recipients.msg", "From: elias.laugher@gmail.com", "To: elias.laugher@gmail.com, niklas.lindson@gmail.com", "Cc: egi.champi.titu@gmail.com, egi.han.tzu@gmail.com",
        "Just a test to get an email with multiple to/cc/bcc recipients.")]
    [InlineData("unicode.msg", "Subject: Testcase", "From: m.kalejs@outlook.com", "To: doesnotexist@doesnt.com", "-/- Char-å-Char -/- Char-Å-Char -/- Char-ø-Char -/- Char-Ø-Char -/- Char-æ-Char -/- Char-Æ-Char")]
    [InlineData("chain.msg", "Subject: RE: [Redmine - Bug #10180] redmine not truncating emails properly", "From: \"Robert Duncan\"", "To: applsoft-redmine@anca.com, rob@thegopedal.com",
        "Another test email to obtain raw data for Jean-Philippe. Regards, Robert Duncan ph. 8277 From: applsoft-redmine@anca.com [mailto:applsoft-redmine@anca.com]", "To change your notification preferences, please click here: http://anca-redmine.anca.com.au/applsoft/my/account")]
    [InlineData("chinese.msg", "To: anjos@163.com", "Dears： 经过汇总 大家提前合理安排进房间入住吧。 房型 时间段 迷你房 全天 大床房 9:00-12:00", "郝竹林 Seat: 15#3F093 | TEL: 737057 酒店研发部")]
    [InlineData("picture.msg", "Subject: email test", "From: \"Paliarik, Martin\" <mpaliarik@mdlz.com>", "Kraft Foods Europe Procurement GmbH – organizačná zložka | Racianska 44 | 814 99 Bratislava | Slovakia")]
    [InlineData("accents.msg", "Subject: Un sujet bien défini Àéroport mañana être ouïe électricité così próxima à Ô")]
    [InlineData("rtf.msg", "ввести «Имя пользователя» (email) и «Пароль» (password).")]
    [InlineData("sample.msg", "Subject: RtfSampleEmail", "Heavens! what a virulent attack!")]
    public async Task AMessageSaysWhatOtherReadersReadInIt(string file, params string[] parts)
    {
        var reading = (await ReadAsync(file)).Single();
        reading.MediaType.ShouldBe("application/vnd.ms-outlook");
        var text = string.Join(' ', reading.Text!.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        foreach (var part in parts) text.ShouldContain(part);
    }

    [Fact]
    public async Task AttachmentsAreDocumentsAndAPictureOfTheTextIsNot()
    {
        var readings = await ReadAsync("html.msg");
        readings.Select(reading => (reading.Member, reading.Text!.Text.Split('\n')[^1])).ShouldBe([(null, "Attachments: dresscode.txt, location.txt"), ("!/dresscode.txt", "Black Tie Optional"), ("!/location.txt", "On the moon!")]);
        readings[0].Text!.Text.ShouldBe("Subject: hey\nFrom: \"lollypop\" <b.bottema@projectnibble.org>\nTo: \"Bottema, Benny\" <benny.bottema@aegon.nl>\nDate: 2017-03-05 12:11 +01:00\n\nWe should meet up!\n\nAttachments: dresscode.txt, location.txt");
        readings[0].Text!.Metadata.ShouldBe(new Dictionary<string, string> { ["title"] = "hey", ["author"] = "\"lollypop\" <b.bottema@projectnibble.org>", ["created"] = "2017-03-05T12:11:31+01:00" }, ignoreOrder: true);
    }

    [Fact]
    public async Task AMessageInAMessageIsAnEMailWithItsOwnAttachments()
    {
        var readings = await ReadAsync("inner.msg");
        readings.Select(reading => reading.Member).ShouldBe([null, "!/OUTER 1.pdf", "!/OUTER 2.pdf", "!/Inner mail.eml", "!/Inner mail.eml!/INNER 1.pdf", "!/Inner mail.eml!/INNER 2.pdf"]);
        readings.Where(reading => reading.MediaType == "application/pdf").Select(reading => reading.Text!.Text).ShouldBe(["OUTER 1", "OUTER 2", "INNER 1", "INNER 2"]);
        var nested = await ReadAsync("nested.msg");
        nested.Count.ShouldBe(2);
        nested[1].Text!.Text.ShouldContain("Hello all,\n\nThis is a testmail.\n\nBR\n\nHui Pui");
    }

    [Fact]
    public async Task ASignedMessageIsReadAndItsSignatureIsNoDocument()
    {
        var readings = await ReadAsync("signed.msg");
        readings.Select(reading => reading.Member).ShouldBe([null, "!/03-07-2005 errata SharnErrata.pdf"]);
        readings[0].Text!.Text.ShouldContain("For testing purposes in the Simple Java Mail project.");
    }

    [Fact]
    public async Task AnEncryptedMessageSaysSo()
    {
        var readings = await ReadAsync("encrypted.msg");
        readings[0].Text!.Text.ShouldStartWith("Subject: S/MIME test message encrypted");
        readings[1].Failure.ShouldBe(new DocumentFailure("extract", "What the e-mail says is encrypted (S/MIME); only a recipient's key opens it.", true));
    }

    [Theory]
    [InlineData("directory", "The file is damaged: its directory goes in a circle.")]
    [InlineData("table", "The file is damaged: a stream goes in a circle.")]
    [InlineData("shared", "The file is damaged: two streams share their bytes.")]
    [InlineData("behind", "The file is damaged: a stream goes on behind its end.")]
    [InlineData("sectors", "The file is damaged: it has sectors of 2^31 bytes.")]
    [InlineData("cutoff", "The file is damaged: it calls streams of 2147483647 bytes small.")]
    public async Task ALyingFileIsRefusedWithItsLie(string lie, string reason)
    {
        var bytes = await File.ReadAllBytesAsync(Repository.At("tests/fixtures/outlook/sent.msg"));
        var directory = (BitConverter.ToInt32(bytes, 48) + 1) * 512;
        var table = (BitConverter.ToInt32(bytes, 76) + 1) * 512;
        var streams = Enumerable.Range(0, 4).Select(index => directory + (index * 128)).Where(entry => bytes[entry + 66] == 2 && BitConverter.ToInt32(bytes, entry + 120) > 0).ToArray();
        switch (lie)
        {
            case "directory":
                BitConverter.TryWriteBytes(bytes.AsSpan(directory + 128 + 68), 1);
                break;
            case "table":
                BitConverter.TryWriteBytes(bytes.AsSpan(table + (4 * BitConverter.ToInt32(bytes, 48))), BitConverter.ToInt32(bytes, 48));
                break;
            case "shared":
                BitConverter.TryWriteBytes(bytes.AsSpan(streams[1] + 116), BitConverter.ToInt32(bytes, streams[0] + 116));
                break;
            case "behind":
                BitConverter.TryWriteBytes(bytes.AsSpan(table + (4 * BitConverter.ToInt32(bytes, 48))), 1_000_000);
                break;
            case "sectors":
                bytes[30] = 31;
                break;
            case "cutoff":
                BitConverter.TryWriteBytes(bytes.AsSpan(56), int.MaxValue);
                break;
        }

        (await ReadAsync("lie.msg", bytes)).First().Failure.ShouldBe(new DocumentFailure("extract", reason, true));
    }

    [Fact]
    public async Task MessagesInMessagesAreReadToTheLimitOfTheConfiguration()
    {
        var readings = await ReadAsync("deep.msg", CompoundFileWriter.Write(Deep(level: 0, depth: 200, at: "")));
        readings.Where(reading => reading.Text is not null).Select(reading => reading.Text!.Text).ShouldBe(Enumerable.Range(0, readings.Count - 1).Select(level => $"Subject: depth {level}\n\nAttachments: depth {level + 1}.eml"));
        readings[^1].Failure.ShouldBe(new DocumentFailure("extract", $"The e-mail stands in {new ExtractionLimits().Depth} others, the limit of the configuration (Limits:Depth); it was not opened.", true));
    }

    [Theory]
    [InlineData("a@x.fr;")]
    [InlineData("<a@x.fr>")]
    [InlineData("mailto:a@x.fr")]
    [InlineData("a@x.fr,b@x.fr")]
    [InlineData("jean.@x.fr")]
    [InlineData("Dupont,Jean@MINFIN")]
    [InlineData("@Home")]
    [InlineData("\"@")]
    public async Task AnOddAddressIsShownAsItIsWritten(string address)
    {
        var text = (await ReadAsync("odd.msg", Message(("__recip_version1.0_#00000000/__properties_version1.0", new byte[8]), Text("__recip_version1.0_#00000000/__substg1.0_3003001F", address)))).Single().Text!.Text;
        text.ShouldContain("Le conseil a délibéré.");
        text.ShouldContain("To: ");
        text.ShouldContain(address.Trim('<', '>', '"', '@').Split('@', ',')[0]);
    }

    [Theory]
    [InlineData("image1.")]
    [InlineData("<abc")]
    [InlineData("\"abc")]
    public async Task AnOddIdentifierOfAnAttachmentIsNoMatter(string identifier)
    {
        const string at = "__attach_version1.0_#00000000/";
        var readings = await ReadAsync("odd.msg", Message(($"{at}__properties_version1.0", new byte[8]), Text($"{at}__substg1.0_3707001F", "plan.txt"), Text($"{at}__substg1.0_3712001F", identifier), ($"{at}__substg1.0_37010102", Encoding.ASCII.GetBytes("The plan of the park.".PadRight(4096)))));
        readings.Select(reading => reading.Member).ShouldBe([null, "!/plan.txt"]);
        readings[1].Text!.Text.ShouldBe("The plan of the park.");
    }

    [Fact]
    public async Task ADamagedAttachmentOrRecipientCostsNothingElse()
    {
        const string one = "__attach_version1.0_#00000000/", two = "__attach_version1.0_#00000001/", three = "__attach_version1.0_#00000002/";
        var cut = Encoding.ASCII.GetBytes(new string('x', 9000));
        var bytes = Message(
            Text("__recip_version1.0_#00000000/__substg1.0_3003001F", "a@x.fr"),
            ($"{one}__properties_version1.0", new byte[8]), Text($"{one}__substg1.0_3707001F", "cut.txt"), ($"{one}__substg1.0_37010102", cut),
            Text($"{two}__substg1.0_3707001F", "without properties.txt"),
            ($"{three}__properties_version1.0", new byte[8]), Text($"{three}__substg1.0_3707001F", "sound.txt"), ($"{three}__substg1.0_37010102", Encoding.ASCII.GetBytes("The plan of the park.".PadRight(4096))));
        // The first attachment's second sector leads to nowhere.
        var sector = (bytes.AsSpan().IndexOf(cut) / 512) - 1;
        BitConverter.TryWriteBytes(bytes.AsSpan(512 + (4 * (sector + 1))), 0x00FFFFFF);
        var readings = await ReadAsync("damaged.msg", bytes);
        readings.Select(reading => (reading.Member, reading.Failure?.Reason)).ShouldBe(
        [
            (null, null),
            ("!/cut.txt", "The file is damaged: a stream goes on behind its end."),
            ("!/attachment 2", "The Outlook message is damaged: __attach_version1.0_#00000001 has no properties."),
            ("!/sound.txt", null),
        ]);
        readings[0].Text!.Text.ShouldBe("Subject: Délibération\n\nLe conseil a délibéré.\n\nAttachments: cut.txt, attachment 2, sound.txt");
    }

    [Theory]
    [InlineData(0x70000000, 0x0, "")]
    [InlineData(0x0, 0x70000000, "The text of the e-mail is damaged: it cannot be as long as it says.")]
    public async Task ATextOfRtfThatLiesAboutItsLengthCostsNoMemory(int compressed, int written, string reason)
    {
        byte[] rtf = [.. BitConverter.GetBytes(compressed), .. BitConverter.GetBytes(written), .. "LZFu"u8, .. new byte[40]];
        var content = CompoundFileWriter.Write([("__properties_version1.0", new byte[32]), Text("__substg1.0_0037001F", "Délibération"), ("__substg1.0_10090102", rtf)]);
        Allocated(content).ShouldBeLessThan(64 << 20);
        var readings = await ReadAsync("lie.msg", content);
        if (reason.Length == 0) readings[0].Text!.Text.ShouldBe("Subject: Délibération");
        else readings[0].Failure.ShouldBe(new DocumentFailure("extract", reason, true));
    }

    [Fact]
    public async Task AMessageToAWholeMinistryIsRead()
    {
        var people = Enumerable.Range(0, 5000).SelectMany(number => new (string, byte[])[]
        {
            ($"__recip_version1.0_#{number:X8}/__properties_version1.0", new byte[8]), Text($"__recip_version1.0_#{number:X8}/__substg1.0_3003001F", $"agent{number}@example.org"),
        });
        (await ReadAsync("all.msg", Message([.. people]))).Single().Text!.Text.ShouldContain("agent4998@example.org, agent4999@example.org");
    }

    [Fact]
    public async Task AMessageInAMessageHasTheSameHashAtEachReading()
    {
        var first = await ReadAsync("inner.msg");
        var second = await ReadAsync("inner.msg");
        second.Select(reading => reading.Sha256).ShouldBe(first.Select(reading => reading.Sha256));
    }

    [Fact]
    public async Task ADocumentWithAPasswordSaysSo() =>
        (await ReadAsync("budget.xlsx", CompoundFileWriter.Write([("EncryptionInfo", new byte[300]), ("EncryptedPackage", new byte[9000])]))).Single()
            .Failure.ShouldBe(new DocumentFailure("extract", "The document is encrypted and no password is configured.", true));

    // What the reader allocates, on this thread alone: what is awaited may go on on another.
    private static long Allocated(byte[] content)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            OutlookMessage.Read(new MemoryStream(content), new ExtractionLimits(), withText: true, CancellationToken.None).Dispose();
        }
        catch (DocumentException)
        {
            // The lie, told.
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static byte[] Message(params (string Path, byte[] Content)[] more) =>
        CompoundFileWriter.Write([("__properties_version1.0", new byte[32]), Text("__substg1.0_0037001F", "Délibération"), Text("__substg1.0_1000001F", "Le conseil a délibéré."), .. more]);

    private static IEnumerable<(string, byte[])> Deep(int level, int depth, string at)
    {
        yield return ($"{at}__properties_version1.0", new byte[level == 0 ? 32 : 24]);
        yield return Text($"{at}__substg1.0_0037001F", $"depth {level}");
        if (level == depth) yield break;
        yield return ($"{at}__attach_version1.0_#00000000/__properties_version1.0", new byte[8]);
        yield return Text($"{at}__attach_version1.0_#00000000/__substg1.0_3001001F", $"depth {level + 1}");
        foreach (var inner in Deep(level + 1, depth, $"{at}__attach_version1.0_#00000000/__substg1.0_3701000D/")) yield return inner;
    }

    private static (string, byte[]) Text(string path, string text) => (path, Encoding.Unicode.GetBytes(text));

    private static Task<List<DocumentReading>> ReadAsync(string file) => ReadAsync(file, File.ReadAllBytes(Repository.At($"tests/fixtures/outlook/{file}")));

    private static Task<List<DocumentReading>> ReadAsync(string name, byte[] content) =>
        Reader.ReadAsync(new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync().AsTask();
}
