using System.Text;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Texts whose encoding is damaged in a place, or is not what they say.</summary>
public sealed class DamagedEncodingTests
{
    private const string Sentence = "Le préfet a répondu à la lettre des élèves ; la réunion a été déplacée. ";

    static DamagedEncodingTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Theory]
    [InlineData("text", 2, "utf-8", true)]
    [InlineData("text", 2, "windows-1252", false)]
    [InlineData("page", 0, "utf-8", true)]
    [InlineData("page", 0, "windows-1252", false)]
    public void OneDamagedPlaceDoesNotTurnEveryLetter(string kind, int more, string encoding, bool replaced)
    {
        var written = string.Concat(Enumerable.Repeat(Sentence, 1 + more));
        byte[] bytes = [.. Encoding.GetEncoding(encoding).GetBytes(written), 0xE9, .. " fin."u8];
        var text = kind == "text" ? TextEncodings.Decode(bytes) : HtmlExtractor.Decode([.. "<meta charset=\"utf-8\">"u8, .. bytes]);
        text.ShouldEndWith(written + (replaced ? '\uFFFD' : 'é') + " fin.");
    }

    [Theory]
    [InlineData("Les médecins généralistes ont été reçus à la préfecture : la réunion a été décidée après Noël, où chacun s'est plaint du coût élevé.")]
    [InlineData("Le maire a décidé.\nRÉUNION DU CONSEIL : DÉLIBÉRATION N° 3, « BUDGET GÉNÉRAL » VOTÉ À L'UNANIMITÉ.\nÉtaient présents : MM. Lefèvre, Crête, François.")]
    [InlineData("Die Bürger haben für die Änderung der Straßenführung gestimmt; über die Größe der Fläche wird später entschieden. ÖFFENTLICHE SITZUNG")]
    [InlineData("La sesión comenzó a las diez. ¿Quién votó en contra? El niño pidió más información según la petición del año pasado. ¡Qué razón tenía!")]
    [InlineData("Les médecins généralistes")]
    public void ATextOfDosOrOfAnOldMacIsReadAsOneOfWindowsIs(string text)
    {
        foreach (var encoding in (int[])[850, 10000, 1252])
            TextEncodings.Decode(Encoding.GetEncoding(encoding).GetBytes(text)).ShouldBe(text, $"{encoding}");
    }

    [Theory]
    [InlineData("It’s the council’s “own” budget… don’t you think – ‘quite’ so—it’s €5 • and the café’s menu ™ costs £3.")]
    [InlineData("L’été “dernier”, l’œuvre de Žižek n’a coûté que 5 € : «tout» l’été… C’est l’avis de l’État – et d’Élise.")]
    [InlineData("„Das ist es“, sagte er; ‚gut‘, sagte sie – für 20 § 3 Abs. 2 „Höhe“ ‰ †.")]
    [InlineData("Lärm und Größe ‹so›, Žena, Šumava, Œuvre, ÉTÉ, DÉJÀ, NOËL")]
    public void WhatWindowsWritesStays(string text) => TextEncodings.Decode(Encoding.GetEncoding(1252).GetBytes(text)).ShouldBe(text);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task ATextWithAFewZerosIsATextWithBlanks(int zeros)
    {
        var text = string.Concat(Enumerable.Repeat(Sentence, 70));
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var at = 0; at < zeros; at++) bytes[(at * 700) + 2] = 0;
        var reading = await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System)
            .ReadAsync(new Document(new DocumentId("lettre.txt", "1"), bytes.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(bytes))), _ => false, default).SingleAsync();
        reading.Failure.ShouldBeNull();
        reading.Text!.Text.ShouldBe(Encoding.UTF8.GetString(bytes).Replace("\0", " ", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal).Trim());
        reading.Text.MediaType.ShouldBe("text/plain");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsWideStaysWideAndWhatIsNoTextStaysNone(bool bigEndian)
    {
        TextEncodings.Decode(new UnicodeEncoding(bigEndian, byteOrderMark: false).GetBytes(Sentence)).ShouldBe(Sentence);
        TextEncodings.LooksLikeText([.. Encoding.ASCII.GetBytes(new string('a', 100)), 0]).ShouldBeFalse();
        TextEncodings.LooksLikeText([.. Encoding.ASCII.GetBytes(new string('a', 1000)), 0, 0, 0, 0, 0, 0]).ShouldBeFalse();
    }

    [Fact]
    public void ATextThatIsCutInTheMiddleOfALetterIsUtf8()
    {
        var bytes = Encoding.UTF8.GetBytes("Été à Angoulême, déjà");
        TextEncodings.Decode(bytes.AsSpan(0, bytes.Length - 1)).ShouldBe("Été à Angoulême, déj\uFFFD");
    }
}
