using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Tests.Containers;

/// <summary>What stands in e-mails beside their text: signed, encrypted, alone, packed by Outlook.</summary>
public sealed class MailOpenerTests
{
    private const string SealedMail = "Content-Type: text/plain; charset=utf-8\r\n\r\nLe conseil a délibéré.\r\n";

    [Theory]
    [InlineData("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "attachment; filename=smime.p7m", "!/smime.p7m")]
    [InlineData("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", null, "!/smime.p7m")]
    [InlineData("application/x-pkcs7-mime", null, "!/smime.p7m")]
    public async Task WhatASignatureEnclosesIsRead(string type, string? disposition, string member)
    {
        var readings = await ReadAsync(Mail(type, disposition, Signed(Encoding.UTF8.GetBytes(SealedMail))));
        readings.Select(reading => (reading.Member, reading.Failure)).ShouldBe([(null, null), (member, null)]);
        readings[1].Text!.Text.ShouldBe("Le conseil a délibéré.");
    }

    [Theory]
    [InlineData("application/pkcs7-mime; name=\"contrat.txt.p7m\"")]
    [InlineData("application/octet-stream; name=\"contrat.txt.p7m\"")]
    public async Task ASignedFileIsReadAsTheFileThatItIs(string type)
    {
        var readings = await ReadAsync(Mail(type, "attachment", Signed("Les parties conviennent de ce qui suit."u8.ToArray())));
        readings[1].Member.ShouldBe("!/contrat.txt");
        readings[1].Text!.Text.ShouldBe("Les parties conviennent de ce qui suit.");
    }

    [Fact]
    public async Task WhatIsEncryptedDamagedOrOfAnotherKindSaysWhich()
    {
        const string type = "application/pkcs7-mime; name=smime.p7m";
        using var key = RSA.Create(2048);
        using var certificate = Certificate(key);
        var enveloped = new EnvelopedCms(new ContentInfo(Encoding.UTF8.GetBytes(SealedMail)));
        enveloped.Encrypt(new CmsRecipient(certificate));
        (await ReasonAsync(enveloped.Encode())).ShouldBe("What the e-mail says is encrypted (S/MIME); only a recipient's key opens it.");
        (await ReasonAsync(Signed(Encoding.UTF8.GetBytes(SealedMail))[..100])).ShouldStartWith("What the e-mail encloses (S/MIME) is damaged: ");
        // A content of the kind "compressed data" (RFC 3274), and nothing in it.
        (await ReasonAsync([0x30, 0x11, 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x09, 0xA0, 0x02, 0x05, 0x00])).ShouldBe("What the e-mail encloses is of a kind that is not read (S/MIME, 1.2.840.113549.1.9.16.1.9).");

        async Task<string> ReasonAsync(byte[] content) => (await ReadAsync(Mail(type, null, content)))[1].Failure!.Reason;
    }

    [Theory]
    [InlineData("application/json; name=courrier.json", null, "!/courrier.json")]
    [InlineData("application/json; name=courrier.json", "inline", "!/courrier.json")]
    [InlineData("application/json", null, "!/attachment.json")]
    public async Task AnEMailThatIsNothingButAFileHasThatFile(string type, string? disposition, string member)
    {
        var readings = await ReadAsync(Mail(type, disposition, "{ \"text\": \"La séance est levée.\" }"u8.ToArray()));
        readings.Select(reading => reading.Member).ShouldBe([null, member]);
        readings[1].Text!.Text.ShouldContain("La séance est levée.");
    }

    [Fact]
    public async Task WhatOutlookPackedHasItsTextAndItsFiles()
    {
        // [MS-OXTNEF] 2.1: a signature, a key, then attributes: level, number, length, bytes, sum of the bytes. Of the message its text; of an attachment that it is one, its name, its bytes.
        var packed = new MemoryStream();
        packed.Write([0x78, 0x9F, 0x3E, 0x22, 0x01, 0x00]);
        Attribute(1, 0x0002800C, "Le conseil a délibéré de la voirie.\0");
        Attribute(2, 0x00069002, new string('\0', 14));
        Attribute(2, 0x00018010, "plan.txt\0");
        Attribute(2, 0x0006800F, "The plan of the park.");
        var readings = await ReadAsync(Mail("application/ms-tnef; name=winmail.dat", null, packed.ToArray()));
        readings.Select(reading => (reading.Member, reading.Failure)).ShouldBe([(null, null), ("!/plan.txt", null)]);
        readings[0].Text!.Text.ShouldContain("Le conseil a délibéré de la voirie.");
        readings[1].Text!.Text.ShouldBe("The plan of the park.");

        void Attribute(byte level, uint number, string text)
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            packed.Write([level, .. BitConverter.GetBytes(number), .. BitConverter.GetBytes(bytes.Length), .. bytes, .. BitConverter.GetBytes((ushort)bytes.Sum(one => one))]);
        }
    }

    private static byte[] Mail(string type, string? disposition, byte[] content) => Encoding.UTF8.GetBytes(
        $"From: a@example.org\r\nSubject: envoi\r\nMIME-Version: 1.0\r\nContent-Type: {type}\r\n{(disposition is null ? "" : $"Content-Disposition: {disposition}\r\n")}Content-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(content, Base64FormattingOptions.InsertLineBreaks)}\r\n");

    private static byte[] Signed(byte[] content)
    {
        using var key = RSA.Create(2048);
        using var certificate = Certificate(key);
        var signed = new SignedCms(new ContentInfo(content));
        signed.ComputeSignature(new CmsSigner(certificate));
        return signed.Encode();
    }

    private static X509Certificate2 Certificate(RSA key) =>
        new CertificateRequest("CN=clerk", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));

    private static Task<List<DocumentReading>> ReadAsync(byte[] content) =>
        DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System).ReadAsync(new Document(new DocumentId("envoi.eml", "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync().AsTask();
}
