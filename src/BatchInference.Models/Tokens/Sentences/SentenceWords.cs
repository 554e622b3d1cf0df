using System.Buffers;
using System.Collections.Frozen;

namespace BatchInference.Models.Tokens.Sentences;

/// <summary>The words by which a full stop is told from the point of an abbreviation, French and English together: archives mix them, letter by letter.</summary>
internal static class SentenceWords
{
    // Never the last word of a sentence: titles before a name, and what points forward.
    private static readonly Words Forward = new("""
        m mm mme mmes mlle mlles mgr dr drs prof mr mrs ms messrs st ste sts rev vve
        cf vs ex env approx e.g i.e eg ie p.ex viz c.-à-d c.à.d càd
        """);

    // May end a sentence, but then a frequent first word of a sentence follows; a name or a number continues.
    private static readonly Words Open = new("""
        al th ph chr cl inc ltd co corp cie jr sr bros dept univ assoc intl
        gen gén col capt cap lt sgt cdt gov sen rep hon adm maj pr pres prés
        av bd boul pl rte imp ave blvd rd sq
        janv févr fév avr juil sept oct nov déc jan feb apr jun jul aug dec
        a.m p.m j.-c apr.j.-c av.j.-c
        éd ed eds trad coll impr dir adj arr dép circ hab obs suiv ss sqq ibid id op loc cit ms mss
        min max réf ref tél tel fax app bât
        """);

    // The point belongs to them only before a number: "art. 12", "no. 5", "p. III".
    private static readonly Words Numbered = new("n no nos nº n° nr art p pp vol t tome fig chap ch sect par para § pt l r d f v s ann pl tab c.a no");

    private static readonly Words Starters = new("""
        le la les l un une des du de ce cet cette ces il elle ils elles on nous vous je tu ça cela ceci
        en dans pour par sur sous au aux à avec sans selon vers chez entre contre malgré dès lors
        mais et ou or donc car si quand comme lorsque puisque quoique cependant toutefois néanmoins ainsi alors après avant depuis pendant enfin ensuite puis aussi
        son sa ses leur leurs notre nos votre vos mon ma mes tous tout toute toutes chaque plusieurs certains certaines aucun aucune
        qui que quoi quel quelle quels quelles où pourquoi comment
        the a an this these that those it he she they we you i in on at for by from with without but and so if when while however after before since as
        his her its their our my your all there here no not what who where why how both each some many most
        """);

    private static readonly Words Elided = new("l d c j n s m t qu jusqu lorsqu puisqu");

    private static readonly SearchValues<char> RomanDigits = SearchValues.Create("IVXLCDM");

    private static readonly Words Parts = new("article articles art chapitre titre section annexe partie chapter part section");

    public static bool PointsForward(ReadOnlySpan<char> word) => Forward.Contain(word);

    public static bool MayEnd(ReadOnlySpan<char> word) => Open.Contain(word);

    public static bool TakesNumber(ReadOnlySpan<char> word) => Numbered.Contain(word);

    /// <summary>True for words that name a part of a legal text, whose number is followed by a point: <c>Article 2. – …</c></summary>
    public static bool NamesPart(ReadOnlySpan<char> word) => Parts.Contain(word);

    /// <summary>True when the capitalised word at <paramref name="at"/> is one that often begins a sentence and seldom a name.</summary>
    public static bool StartsSentence(string text, int at, int end)
    {
        var stop = WordEnd(text, at, end);
        var word = text.AsSpan(at, stop - at);
        if (stop < end && text[stop] is '\'' or '’')
            return Elided.Contain(word);
        if (!Starters.Contain(word))
            return false;

        // "J. Le Goff", "E. de La Tour": an article before a further capital belongs to a name as likely as not.
        return !IsNameParticle(word) || stop + 1 >= end || !char.IsUpper(text[stop + 1]);
    }

    /// <summary>True for numbers written in Roman capitals.</summary>
    public static bool IsRoman(ReadOnlySpan<char> word) => !word.IsEmpty && !word.ContainsAnyExcept(RomanDigits);

    /// <summary>The offset behind the letters and digits that begin at <paramref name="at"/>.</summary>
    public static int WordEnd(string text, int at, int end)
    {
        // No word that is looked up is longer, and a hostile text may be one endless word.
        var limit = Math.Min(end, at + 32);
        while (at < limit && char.IsLetterOrDigit(text[at]))
            at++;
        return at;
    }

    private static bool IsNameParticle(ReadOnlySpan<char> word) => word is "Le" or "La" or "Les" or "De" or "Des" or "Du";

    private sealed class Words(string list)
    {
        private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> words =
            list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

        public bool Contain(ReadOnlySpan<char> word) => words.Contains(word);
    }
}
