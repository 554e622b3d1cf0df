using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BatchInference.Documents.Extraction;
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

    [Fact]
    public async Task WhatASignatureEnclosesIsRead()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=clerk", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var signed = new SignedCms(new ContentInfo(Encoding.UTF8.GetBytes("Content-Type: text/plain; charset=utf-8\r\n\r\nLe conseil a délibéré.\r\n")));
        signed.ComputeSignature(new CmsSigner(certificate));
        var mail = $"From: a@example.org\r\nSubject: scellé\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(signed.Encode(), Base64FormattingOptions.InsertLineBreaks)}\r\n";
        var readings = await ReadAsync("sealed.eml", Encoding.UTF8.GetBytes(mail));
        readings.Select(reading => (reading.Member, reading.Failure)).ShouldBe([(null, null), ("!/smime.p7m", null)]);
        readings[1].Text!.Text.ShouldBe("Le conseil a délibéré.");
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
        var readings = await ReadAsync("deep.msg", CompoundFileWriter.Message(depth: 200));
        readings.Where(reading => reading.Text is not null).Select(reading => reading.Text!.Text).ShouldBe(Enumerable.Range(0, readings.Count - 1).Select(level => $"Subject: depth {level}\n\nAttachments: depth {level + 1}.eml"));
        readings[^1].Failure.ShouldBe(new DocumentFailure("extract", $"The e-mail stands in {new ExtractionLimits().Depth} others, the limit of the configuration (Limits:Depth); it was not opened.", true));
    }

    private static Task<List<DocumentReading>> ReadAsync(string file) => ReadAsync(file, File.ReadAllBytes(Repository.At($"tests/fixtures/outlook/{file}")));

    private static Task<List<DocumentReading>> ReadAsync(string name, byte[] content) =>
        Reader.ReadAsync(new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync().AsTask();
}
