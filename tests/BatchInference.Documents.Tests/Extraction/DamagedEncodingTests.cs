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

    [Fact]
    public void ATextThatIsCutInTheMiddleOfALetterIsUtf8()
    {
        var bytes = Encoding.UTF8.GetBytes("Été à Angoulême, déjà");
        TextEncodings.Decode(bytes.AsSpan(0, bytes.Length - 1)).ShouldBe("Été à Angoulême, déj\uFFFD");
    }
}
