using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens.Sentences;
using CsCheck;

namespace BatchInference.Models.Tests.Tasks;

public sealed class QuoteChoiceTests
{
    private const string Text = "La commune ouvre une école neuve en mai. Le budget atteint deux millions d'euros. Les parents sont invités à la visite. Il pleuvra peut-être ce jour-là.";

    [Fact]
    public void TheBestSentencesAreQuotedInTextOrder() =>
        Quotes(Text, SummaryLimit.OfSentences(2), 0, 1, 3, 2).ShouldBe(["Les parents sont invités à la visite.", "Il pleuvra peut-être ce jour-là."]);

    [Fact]
    public void EqualScoresAreDecidedByTheOrderOfTheText() =>
        Quotes(Text, SummaryLimit.OfSentences(1), 1, 1, 1, 1).ShouldBe(["La commune ouvre une école neuve en mai."]);

    [Fact]
    public void ASentenceThatDoesNotFitGivesWayToTheNextBest() =>
        Quotes(Text, SummaryLimit.OfCharacters(75), 4, 3, 2, 1).ShouldBe(["La commune ouvre une école neuve en mai.", "Il pleuvra peut-être ce jour-là."]);

    [Fact]
    public void WhereNoSentenceFitsTheBestIsCutAtAWord() =>
        Quotes(Text, SummaryLimit.OfCharacters(20), 1, 4, 2, 3).ShouldBe(["Le budget atteint"]);

    [Fact]
    public void NearRepetitionsAreDropped() =>
        Quotes(
            "La commune ouvre une école neuve en mai. La commune ouvre une école neuve en mai ! La commune ouvre donc une école neuve. Le budget atteint deux millions.",
            SummaryLimit.OfSentences(2), 4, 3, 2, 1)
            .ShouldBe(["La commune ouvre une école neuve en mai.", "Le budget atteint deux millions."]);

    [Theory]
    [InlineData("En mai, Valcourt ouvrira sa nouvelle école. Une école toute neuve ouvrira ses portes en mai à Valcourt.", 1)]
    [InlineData("Le maire de Valcourt a signé le contrat mardi. Le préfet, lui, conteste une partie du texte.", 2)]
    public void SentencesOfLikeVectorAreOneOnlyWhenTheyShareHalfTheirWords(string text, int quotes) =>
        new QuoteChoice(Document(text, _ => [1, 0]), [3, 2], SummaryLimit.OfSentences(2)).Quotes().Count.ShouldBe(quotes);

    [Fact]
    public void HeadingsTablesAndFormulasGoAfterSentences() =>
        Quotes(
            "Rapport sur les digues\n\nNom\tVille\tMontant\n\nVeuillez agréer, Madame, mes salutations distinguées.\n\nLes pompes sont en panne.\n\n12 340 € 15 % 2020 2021",
            SummaryLimit.OfSentences(1), 9, 8, 7, 1, 6)
            .ShouldBe(["Les pompes sont en panne."]);

    [Theory]
    [InlineData("Avis", "Avis")]
    [InlineData("12 340", "12 340")]
    [InlineData("Une seule phrase fait tout le document.", "Une seule phrase fait tout le document.")]
    [InlineData("***\n\nTable des matières\n\n***", "Table des matières")]
    public void ADocumentOfOneSentenceOrNoneHasASummary(string text, string quote) =>
        Quotes(text, SummaryLimit.OfSentences(2), [.. SentenceSplitter.Split(text).Select(_ => float.NegativeInfinity)]).ShouldBe([quote]);

    [Fact]
    public void ATextWithoutStopsIsQuotedNoLongerThanCanBeReadAtAGlance()
    {
        var quote = Quotes(string.Concat(Enumerable.Repeat("mot ", 5000)), SummaryLimit.OfSentences(1), 1).ShouldHaveSingleItem();

        quote.Length.ShouldBe(599);
        quote.ShouldEndWith(" mot");
    }

    [Fact]
    public void EverySummaryKeepsItsLimitAndQuotesTheTextExactly()
    {
        var words = Gen.OneOf("Le", "maire", "a", "dit.", "Oui !", "😀", "12", "…", "école", "\n\n", "–", "comité.", "M.").Array[1, 60].Select(parts => string.Join(' ', parts));
        Gen.Select(words, Gen.Float[-3, 3].Array[60], Gen.Int[1, 100], Gen.Bool).Sample((text, scores, limit, bySentences) =>
        {
            var document = Document(text, index => [index, 1]);
            var quotes = new QuoteChoice(document, scores.AsSpan(0, document.Sentences.Count).ToArray(), bySentences ? SummaryLimit.OfSentences(limit) : SummaryLimit.OfCharacters(limit)).Quotes();

            quotes.Count.ShouldBeInRange(string.IsNullOrWhiteSpace(text) ? 0 : 1, bySentences ? limit : int.MaxValue);
            quotes.ShouldBe(quotes.OrderBy(quote => quote.Start).Distinct());
            var summary = string.Join(' ', quotes.Select(quote => quote.Of(text).ToString()));
            if (!bySentences)
                summary.EnumerateRunes().Count().ShouldBeLessThanOrEqualTo(limit);
        });
    }

    private static IEnumerable<string> Quotes(string text, SummaryLimit limit, params float[] scores) =>
        new QuoteChoice(Document(text, index => [MathF.Cos(index), MathF.Sin(index)]), scores, limit).Quotes().Select(quote => quote.Of(text).ToString());

    private static EncodedDocument Document(string text, Func<int, float[]> vector)
    {
        var sentences = SentenceSplitter.Split(text);
        return new EncodedDocument
        {
            Text = text,
            Vector = new float[2],
            Sentences = sentences,
            SentenceVectors = [.. Enumerable.Range(0, sentences.Count).Select(vector)],
            SentenceTokens = [.. sentences.Select(_ => 5)],
        };
    }
}
