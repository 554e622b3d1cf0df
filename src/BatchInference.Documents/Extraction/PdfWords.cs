using System.Text;
using UglyToad.PdfPig.Content;

namespace BatchInference.Documents.Extraction;

/// <summary>Puts the letters of a page together to words.</summary>
/// <remarks>
/// Letters come in the order in which they were drawn, which is nearly always that of the text: a word is a run of letters each of which begins where the one before ended.
/// What was drawn in pieces, or in another order, is put together behind that, from the pieces' places on their line.
/// </remarks>
internal static class PdfWords
{
    // Of the letters' size. Blanks are a fifth and more, even narrow ones; letters that were set apart stand less far from each other.
    private const double Blank = 0.2;

    // Older TeX draws an accent, goes back and draws the letter under it.
    private const string SpacingAccents = "`\u00B4^\u02C6~\u02DC\u00A8\u02DA\u00AF\u02D8\u02D9\u02C7\u02DD\u00B8";
    private const string CombiningAccents = "\u0300\u0301\u0302\u0302\u0303\u0303\u0308\u030A\u0304\u0306\u0307\u030C\u030B\u0327";

    // A blank that was taken back by as much as it is wide parts nothing.
    private const double NoBlank = 0.08;

    // A page has some thousands; more than these were drawn to hurt.
    private const int MostPieces = 500_000;

    /// <summary>The words, in no order.</summary>
    public static List<PdfWord> Of(IReadOnlyList<Letter> letters)
    {
        var upright = Upright(letters);
        var pieces = new List<Piece>(letters.Count / 4);
        var text = new StringBuilder();
        var (open, blankBefore) = (default(Piece), false);
        for (var index = 0; index < letters.Count; index++)
        {
            var letter = letters[index];
            if (letter.TextOrientation != upright && letter.TextOrientation != TextOrientation.Other) continue;
            var (value, place) = (letter.Value, Place.Of(letter, upright));
            if (SpacingAccents.IndexOf(value, StringComparison.Ordinal) is >= 0 and var accent && value.Length == 1 && index + 1 < letters.Count && Place.Of(letters[index + 1], upright) is var under && under.IsUnder(place))
            {
                index++;
                (value, place) = ((letters[index].Value + CombiningAccents[accent]).Normalize(NormalizationForm.FormC), under);
            }

            var isBlank = string.IsNullOrWhiteSpace(value);
            if (open is not null && !isBlank && open.IsFollowedBy(place))
            {
                text.Append(value);
                open.GoOn(place);
                continue;
            }

            if (open is not null)
            {
                (open.Text, open.BlankBehind) = (text.ToString(), isBlank && Math.Abs(place.Left - open.Right) < open.Size);
                open = null;
            }

            if (isBlank)
            {
                blankBefore = true;
                continue;
            }

            if (pieces.Count == MostPieces) break;
            text.Clear().Append(value);
            pieces.Add(open = new Piece(place) { BlankBefore = blankBefore });
            blankBefore = false;
        }

        if (open is not null) open.Text = text.ToString();
        return Joined(pieces);
    }

    // A page may be printed on its side without saying so; what stands otherwise than most of it (a note in the margin) is left out.
    private static TextOrientation Upright(IReadOnlyList<Letter> letters)
    {
        Span<int> counts = stackalloc int[(int)TextOrientation.Rotate270 + 1];
        foreach (var letter in letters) counts[(int)letter.TextOrientation]++;
        var most = TextOrientation.Horizontal;
        for (var turned = TextOrientation.Rotate180; turned <= TextOrientation.Rotate270; turned++)
            if (counts[(int)turned] > counts[(int)most] + counts[(int)TextOrientation.Other]) most = turned;
        return most;
    }

    private static List<PdfWord> Joined(List<Piece> pieces)
    {
        pieces.Sort(static (one, other) => other.BaseLine.CompareTo(one.BaseLine) is not 0 and var higher ? higher : one.Left.CompareTo(other.Left));
        var words = new List<PdfWord>(pieces.Count);
        for (var first = 0; first < pieces.Count;)
        {
            // Base lines of one line differ by what rounding and slant make of them.
            var end = first + 1;
            while (end < pieces.Count && pieces[end - 1].BaseLine - pieces[end].BaseLine < 0.05 * pieces[end].Size) end++;
            if (end - first > 1) pieces.Sort(first, end - first, ByLeft.Instance);
            var word = pieces[first];
            for (var index = first + 1; index < end; index++)
            {
                var next = pieces[index];
                // Bold that was made by drawing twice.
                if (next.IsShadowOf(word)) continue;
                if (word.Joins(next))
                {
                    word = word.With(next);
                    continue;
                }

                words.Add(word.Word);
                word = next;
            }

            words.Add(word.Word);
            first = end;
        }

        return words;
    }

    /// <summary>Where a letter stands on a page that was turned upright.</summary>
    private readonly record struct Place(double Left, double Right, double BaseLine, double EndBaseLine, double Size)
    {
        public bool IsUnder(Place accent) => (accent.Left + accent.Right) / 2 is var middle && middle > Left && middle < Right && Math.Abs(accent.BaseLine - BaseLine) < Size / 2;

        public static Place Of(Letter letter, TextOrientation upright)
        {
            var (start, end, size) = (letter.StartBaseLine, letter.EndBaseLine, Math.Max(1, letter.PointSize));
            return upright switch
            {
                TextOrientation.Rotate180 => new(-start.X, -end.X, -start.Y, -end.Y, size),
                TextOrientation.Rotate90 => new(-start.Y, -end.Y, start.X, end.X, size),
                TextOrientation.Rotate270 => new(start.Y, end.Y, -start.X, -end.X, size),
                _ => new(start.X, end.X, start.Y, end.Y, size),
            };
        }
    }

    private sealed class ByLeft : IComparer<Piece>
    {
        public static ByLeft Instance { get; } = new();

        public int Compare(Piece? x, Piece? y) => x!.Left.CompareTo(y!.Left);
    }

    private sealed class Piece(Place first)
    {
        private double endBaseLine = first.EndBaseLine;

        public string Text { get; set; } = "";

        public bool BlankBefore { get; init; }

        public bool BlankBehind { get; set; }

        public double Left { get; private set; } = Math.Min(first.Left, first.Right);

        public double Right { get; private set; } = Math.Max(first.Left, first.Right);

        public double BaseLine { get; } = first.BaseLine;

        public double Size { get; } = first.Size;

        public PdfWord Word => new(Text, Left, Right, BaseLine, Size);

        public bool IsFollowedBy(Place next) => Math.Abs(next.Left - Right) + Math.Abs(next.BaseLine - endBaseLine) <= Blank * Math.Max(Size, next.Size);

        public void GoOn(Place next) => (Left, Right, endBaseLine) = (Math.Min(Left, next.Left), Math.Max(Right, next.Right), next.EndBaseLine);

        public bool Joins(Piece next) => Math.Abs(next.Left - Right) + Math.Abs(next.BaseLine - endBaseLine) <= (BlankBehind || next.BlankBefore ? NoBlank : Blank) * Math.Max(Size, next.Size);

        public bool IsShadowOf(Piece other) => Text == other.Text && Math.Abs(Left - other.Left) < Blank * Size && Math.Abs(Right - other.Right) < Blank * Size;

        public Piece With(Piece next) => new(new Place(Left, next.Right, BaseLine, next.endBaseLine, Size)) { Text = Text + next.Text, BlankBefore = BlankBefore, BlankBehind = next.BlankBehind };
    }
}
