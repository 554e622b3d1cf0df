using BatchInference.Models.Tokens.Sentences;
using CsCheck;

namespace BatchInference.Models.Tests.Tokens;

public sealed class SentenceSplitterTests
{
    // One case a line: sentences parted by "|", which stands for nothing, or for the blank or line end before it.
    [Theory]
    // Plain stops.
    [InlineData("Le préfet a signé. |Le maire aussi.")]
    [InlineData("Qui paiera ? |Personne ne le sait ! |On verra…")]
    [InlineData("Is it true?! |Yes. |It is!")]
    [InlineData("without a capital behind the stop. so it was")]
    [InlineData("")]
    [InlineData(" \n\t ")]
    [InlineData(".")]
    public void Stops(string text) => Check(text);

    [Theory]
    [InlineData("M. Dupont a reçu Mme Durand et MM. Petit et Grand. |Le Dr. Martin était absent.")]
    [InlineData("Mr. Smith met Mrs. Jones at St. Mary's. |Prof. Brown was there.")]
    [InlineData("Voir l'art. 12, al. 2, et p. ex. la loi n° 78-17. |Cf. Annexe 3.")]
    [InlineData("Les frais (transport, repas, etc.) sont remboursés. |Les autres non.")]
    [InlineData("Il faut des crayons, des cahiers, etc. |Les livres sont fournis.")]
    [InlineData("Acme Inc. CEO Jane Roe spoke. |She works for Acme Inc. |The shares rose.")]
    [InlineData("Some metals, e.g. Iron, rust; others, i.e. Gold, do not. |That is all.")]
    [InlineData("The U.S. President spoke. |He left the U.S. |The plane was late.")]
    [InlineData("Le code de commerce, art. L. 210-1, s'applique. |L'art. R. 123-4 aussi.")]
    [InlineData("Selon Dupont et al. Nature est un journal. |Selon Dupont et al. (2019), non.")]
    [InlineData("En 52 av. J.-C. César vainquit. |Il mourut en 44 av. J.-C. |Son héritier régna.")]
    [InlineData("Rendez-vous à 9 a.m. Monday. |We leave at 5 p.m. |The bus waits.")]
    [InlineData("See fig. 3 and vol. II. |See no. 5. |The answer is no. |They left.")]
    [InlineData("Réunion du 12 janv. 2020. |Le 3 févr. la suite.")]
    [InlineData("Tél. 01 23 45 67 89. |Demander Mlle. Rose.")]
    public void Abbreviations(string text) => Check(text);

    [Theory]
    [InlineData("J. Dupont et J.-P. Martin ont signé. |A. B. Jones too.")]
    [InlineData("Visité par M. Th. Aubrac, ingénieur. |Son rapport suit.")]
    [InlineData("Le plan de J. Le Goff est connu. |E. Le Roy Ladurie l'a lu.")]
    [InlineData("Il y a de l'amiante au bâtiment B. |Les élèves sont ailleurs.")]
    [InlineData("The S.N.C.F. Board met. |It works for the S.N.C.F. |They agreed.")]
    public void Initials(string text) => Check(text);

    [Theory]
    [InlineData("Pi vaut 3.14 environ. |Le 12.03.2020 il neigeait. |En 2019. |Le 1er. mai.")]
    [InlineData("Il gagne 2.500 euros en 2019. |12 personnes sont venues.")]
    [InlineData("Version 1.2.3 is out. |Section 4.1. applies.")]
    [InlineData("Article 1er. – Les archives sont conservées. |Article 2. – Un plan est établi. |Art. 3. Le décret entre en vigueur.")]
    [InlineData("Le prix est de 3,5 %. |Le coût de 2 340 000 €. |C'est cher.")]
    public void NumbersAndDates(string text) => Check(text);

    [Theory]
    [InlineData("Attendez... il vient. |Il est là... |Partons.")]
    [InlineData("…et puis rien. |Bon... |Alors ?")]
    [InlineData("Il a dit : « Le texte [...] est long. » |On rit. |[...] La suite manque.")]
    [InlineData("Introduction ........ 3")]
    [InlineData("Il doute (?) et s'étonne (!) de tout. |Voilà.")]
    public void Ellipses(string text) => Check(text);

    [Theory]
    [InlineData("Voir https://www.exemple.fr/page?Id=3.Html ou www.Site.Org. |Merci.")]
    [InlineData("Écrire à jean.Dupont@exemple.fr. |Réponse sous 8 jours.")]
    [InlineData("Ouvrir System.Text.Json dans le fichier. |Puis fermer.")]
    public void Addresses(string text) => Check(text);

    [Theory]
    [InlineData("« Nous partons. » |Le maire s'est levé.")]
    [InlineData("« Nous partons ! » a dit le maire. |Il est parti.")]
    [InlineData("\"We go.\" |The mayor left. |“Stay!” |(He did not.) |Then all left.")]
    [InlineData("Il a dit \"oui.\" |\"Non\", dit-elle. |\"On verra.\"")]
    [InlineData("Il est venu (hier.) |Elle aussi.")]
    [InlineData("C'est établi.[12] |Le reste non.¹ |Rien d'autre.")]
    [InlineData("– Oui. |– Non. |– Pourquoi ?")]
    public void QuotesAndBrackets(string text) => Check(text);

    [Theory]
    [InlineData("Il y a des retards.|Ces réductions durent.|L'été aussi.")]
    [InlineData("a déclaré l'AFP.|Ces trains roulent à 320.|Le reste non.")]
    [InlineData("écrit sur son compte Twitter.|\"La neige fond\", dit-il. |\"Bien sûr.\"|Elle rit.")]
    [InlineData("Il en parle à ses alliés.|BENOÎT HAMON CANDIDAT ? |Voir lisez-moi.TXT.")]
    [InlineData("Vraiment ?|Oui !|Non…|Peut-être.")]
    [InlineData("Vu M.Dupont et J.Martin chez Mme.Durand. |Le site ASP.NET marche.")]
    public void WithoutABlank(string text) => Check(text);

    [Theory]
    [InlineData("Les travaux ont commencé en septembre et leur coût atteint\naujourd'hui deux millions d'euros, soit 8 % de plus que prévu. |Le\ndépassement s'explique par la découverte d'amiante.")]
    [InlineData("Ordre du jour\n|Le comité s'est réuni le 4 juin pour examiner les digues de la\nvallée basse et les pompes. |Il a voté.")]
    [InlineData("Le titre\n\n|Le texte suit sans attendre\r\n\r\n|Fin")]
    [InlineData("Pièces à fournir :\n|- une copie du passeport ;\n|- deux photographies\n|- le formulaire signé")]
    [InlineData("1. Ouverture de la séance\n|2. Vote du budget\n|3) Questions diverses\n|a) voirie\n|(b) écoles\n|IV. Fin")]
    [InlineData("12. Le comité approuve. |13. Il vote.")]
    [InlineData("# Titre\n|Texte du paragraphe qui suit le titre.\n|* * *\n|Suite")]
    [InlineData("De : prefecture\n|Objet : réunion\n|Date : lundi")]
    [InlineData("RAPPORT ANNUEL\n|La direction a le plaisir de présenter ses comptes.")]
    [InlineData("Nom\tVille\n|Dupont\tParis\n|Martin\tLyon")]
    [InlineData("Mairie de Pont-l'Arvois\n|1, place du Lavoir\n|Département de la Haute-Sarvoise")]
    [InlineData("13 h 04  Départ de Mirevaux, car express ligne 2\n|15 h 31  Train à Valcourt-Ville, voiture 7.")]
    [InlineData("M. Jean Dupont\n|12 rue de la Paix\n|75002 Paris")]
    public void Lines(string text) => Check(text);

    [Theory]
    [InlineData("彼は来た。|彼女も来た！|本当？|はい。")]
    [InlineData("هل هذا صحيح؟ |نعم. |شكرا")]
    [InlineData("यह सच है। |हाँ।")]
    [InlineData("Он пришёл. |Она тоже.")]
    public void OtherScripts(string text) => Check(text);

    [Fact]
    public void SentencesAreOrderedDisjointTrimmedAndHoldAllButBlanks()
    {
        var characters = Gen.OneOf(
            Gen.OneOf('.', '!', '?', '…', ' ', '\n', '\t', '"', '«', '»', '(', ')', '[', ']', '-', '–', '1', 'a', 'B', 'é', '。', '\u00A0', '\r', '\'', '@', '/', '|', '#', ':', '\uD83D', '\uDE00'),
            Gen.Char);
        Gen.OneOf(characters.Array[0, 200].Select(array => new string(array)), Gen.OneOf("M.", "J.", "art.", "Le", "fin", "...", "\n", "\n\n", "\"", "1.", "www.a.b", "U.S.").Array[0, 60].Select(words => string.Join(' ', words)))
            .Sample(text =>
            {
                var at = 0;
                foreach (var sentence in SentenceSplitter.Split(text))
                {
                    sentence.Length.ShouldBeGreaterThan(0);
                    sentence.Start.ShouldBeGreaterThanOrEqualTo(at);
                    text[at..sentence.Start].ShouldBeNullOrWhiteSpaceText();
                    char.IsWhiteSpace(text[sentence.Start]).ShouldBeFalse();
                    char.IsWhiteSpace(text[sentence.End - 1]).ShouldBeFalse();
                    at = sentence.End;
                }

                text[at..].ShouldBeNullOrWhiteSpaceText();
            });
    }

    [Theory]
    [InlineData(".")]
    [InlineData("a.B")]
    [InlineData("\"")]
    [InlineData("[1]. ")]
    [InlineData(" . ")]
    [InlineData("\n")]
    [InlineData("- \n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("( ( ")]
    public void AHostileTextCostsNoMoreThanItsLength(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 2_000_000 / unit.Length));

        SentenceSplitter.Split(text).Sum(sentence => (long)sentence.Length).ShouldBeLessThanOrEqualTo(text.Length);
    }

    private static void Check(string marked)
    {
        var text = marked.Replace("|", "", StringComparison.Ordinal);
        var expected = marked.Split('|').Select(sentence => sentence.Trim()).Where(sentence => sentence.Length > 0);

        SentenceSplitter.Split(text).Select(sentence => sentence.Of(text).ToString()).ShouldBe(expected);
    }
}

internal static class BlankAssertions
{
    public static void ShouldBeNullOrWhiteSpaceText(this string gap) => string.IsNullOrWhiteSpace(gap).ShouldBeTrue($"`{gap}` lies in no sentence");
}
