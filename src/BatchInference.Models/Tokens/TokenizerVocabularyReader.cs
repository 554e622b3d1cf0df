using System.Buffers;
using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>The large parts of a <c>tokenizer.json</c>, read without a tree in memory: its vocabulary, and its small parts as they are.</summary>
internal sealed class TokenizerVocabularyReader
{
    private readonly ArrayBufferWriter<byte> settings = new();

    /// <summary>The pieces in the order of their ids.</summary>
    public PieceList Pieces { get; } = new();

    /// <summary>Their scores.</summary>
    public List<double> Scores { get; } = [];

    /// <summary>Everything of the file but the vocabulary.</summary>
    public JsonElement Settings { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static TokenizerVocabularyReader Read(ReadOnlySpan<byte> file, string path)
    {
        var read = new TokenizerVocabularyReader();
        var reader = new Utf8JsonReader(file, new JsonReaderOptions { MaxDepth = 64 });
        using (var writer = new Utf8JsonWriter(read.settings))
        {
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 2 } && reader.ValueTextEquals("vocab"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.StartArray)
                        throw new ModelException($"{path}: the vocabulary of this kind of model is not supported yet; expected a list of pieces with scores, found {reader.TokenType}.");
                    read.ReadScored(ref reader, path);
                    continue;
                }

                Copy(ref reader, writer);
            }
        }

        using var json = JsonDocument.Parse(read.settings.WrittenMemory);
        read.Settings = json.RootElement.Clone();
        return read;
    }

    private void ReadScored(ref Utf8JsonReader reader, string path)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Damaged(path);
            Pieces.Added(reader.CopyString(Pieces.Room(reader.ValueSpan.Length)));
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number)
                throw Damaged(path);
            Scores.Add(reader.GetDouble());
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
                throw Damaged(path);
        }
    }

    private ModelException Damaged(string path) =>
        new($"{path}: entry {Pieces.Count} of the vocabulary is no pair of piece and score. Restore the file from where the model came.");

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject: writer.WriteStartObject(); break;
            case JsonTokenType.EndObject: writer.WriteEndObject(); break;
            case JsonTokenType.StartArray: writer.WriteStartArray(); break;
            case JsonTokenType.EndArray: writer.WriteEndArray(); break;
            case JsonTokenType.PropertyName: writer.WritePropertyName(reader.GetString()!); break;
            case JsonTokenType.String: writer.WriteStringValue(reader.GetString()); break;
            default: writer.WriteRawValue(reader.ValueSpan); break;
        }
    }
}
