using System.Text;

namespace BatchInference.Models.Tokens.SentencePiece;

/// <summary>What a piece of a SentencePiece model is (<c>SentencePiece.Type</c>).</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>One piece.</summary>
/// <param name="Text">Its text, spaces as ▁.</param>
/// <param name="Score">Its logarithmic likelihood, or for BPE the order of its merge, negative.</param>
/// <param name="Kind">What it is.</param>
internal sealed record SentencePiecePiece(string Text, float Score, PieceKind Kind);

/// <summary>A SentencePiece model (<c>.spm</c>, <c>.model</c>; sentencepiece_model.proto).</summary>
internal sealed class SentencePieceFile
{
    private readonly List<SentencePiecePiece> pieces = [];

    private SentencePieceFile()
    {
    }

    public IReadOnlyList<SentencePiecePiece> Pieces => pieces;

    /// <summary>Whether it merges pairs, else it takes the likeliest pieces.</summary>
    public bool MergesPairs { get; private set; }

    /// <summary>The piece for unknown letters.</summary>
    public string Unknown { get; private set; } = "<unk>";

    /// <summary>Whether the space of a word stands behind it.</summary>
    public bool SpaceBehind { get; private set; }

    /// <summary>Its map of letters; empty for none.</summary>
    public byte[] CharsMap { get; private set; } = [];

    /// <summary>Whether a space is put before the text.</summary>
    public bool AddsSpace { get; private set; } = true;

    /// <summary>Whether blanks at the ends and double ones are left out.</summary>
    public bool RemovesBlanks { get; private set; } = true;

    /// <summary>Whether spaces are written as ▁.</summary>
    public bool WritesSpaces { get; private set; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a kind that is not known.</exception>
    public static SentencePieceFile Read(string path)
    {
        var file = new SentencePieceFile();
        var reader = new ProtobufReader(File.ReadAllBytes(path));
        while (reader.Next())
            switch (reader.Field)
            {
                case 1:
                    file.pieces.Add(Piece(reader.Bytes));
                    break;
                case 2:
                    file.ReadTrainer(reader.Bytes);
                    break;
                case 3:
                    file.ReadNormalizer(reader.Bytes);
                    break;
            }

        return file.pieces.Count > 0 ? file : throw new InvalidDataException("it has no pieces.");
    }

    private static SentencePiecePiece Piece(ReadOnlySpan<byte> message)
    {
        var (text, score, kind) = ("", 0f, PieceKind.Normal);
        var reader = new ProtobufReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 1:
                    text = Encoding.UTF8.GetString(reader.Bytes);
                    break;
                case 2:
                    score = reader.Single;
                    break;
                case 3:
                    kind = (PieceKind)reader.Number;
                    break;
            }

        return float.IsFinite(score) ? new SentencePiecePiece(text, score, kind) : throw new InvalidDataException($"the score of the piece \"{text}\" is no number.");
    }

    private void ReadTrainer(ReadOnlySpan<byte> message)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 3:
                    MergesPairs = reader.Number switch
                    {
                        1 => false,
                        2 => true,
                        var kind => throw new InvalidDataException($"models of kind {kind} (3: words, 4: letters) are not known to this program."),
                    };
                    break;
                case 24:
                    SpaceBehind = reader.Number != 0;
                    break;
                case 45:
                    Unknown = Encoding.UTF8.GetString(reader.Bytes);
                    break;
            }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 2:
                    CharsMap = reader.Bytes.ToArray();
                    break;
                case 3:
                    AddsSpace = reader.Number != 0;
                    break;
                case 4:
                    RemovesBlanks = reader.Number != 0;
                    break;
                case 5:
                    WritesSpaces = reader.Number != 0;
                    break;
            }
    }
}
