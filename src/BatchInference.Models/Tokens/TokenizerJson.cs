using System.Buffers;
using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>A <c>tokenizer.json</c>: its vocabulary and merges, read without a tree in memory, and its small parts as they are.</summary>
internal sealed class TokenizerJson
{
    private readonly ArrayBufferWriter<byte> settings = new();
    private readonly string path;

    private TokenizerJson(string path) => this.path = path;

    public Vocabulary Vocabulary { get; } = new();

    /// <summary>The scores of the pieces by id; empty where the vocabulary has none.</summary>
    public List<double> Scores { get; } = [];

    /// <summary>The merges: left, right, left, right …</summary>
    public PieceList Merges { get; } = new();

    /// <summary>Everything of the file but vocabulary and merges.</summary>
    public JsonElement Settings { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="ModelException">Its vocabulary or merges have another form than expected.</exception>
    public static TokenizerJson Read(ReadOnlySpan<byte> file, string path)
    {
        var read = new TokenizerJson(path);
        // A byte order mark is no JSON, but harmless.
        var reader = new Utf8JsonReader(file.StartsWith("\uFEFF"u8) ? file[3..] : file, new JsonReaderOptions { MaxDepth = 64 });
        using (var writer = new Utf8JsonWriter(read.settings))
            while (reader.Read())
                if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 2 } && reader.ValueTextEquals("vocab"u8))
                    read.ReadVocabulary(ref reader);
                else if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 2 } && reader.ValueTextEquals("merges"u8))
                    read.ReadMerges(ref reader);
                else
                    Copy(ref reader, writer);

        using var json = JsonDocument.Parse(read.settings.WrittenMemory);
        read.Settings = json.RootElement.Clone();
        return read;
    }

    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (Vocabulary.Size > 0)
            throw Damaged("the second vocabulary of the file");
        if (reader.TokenType == JsonTokenType.StartObject)
            ReadIds(ref reader);
        else if (reader.TokenType == JsonTokenType.StartArray)
            ReadScored(ref reader);
        else
            throw Damaged("the vocabulary");
    }

    private void ReadIds(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var length = reader.CopyString(Vocabulary.Room(reader.ValueSpan.Length));
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id))
                throw Damaged("an entry of the vocabulary");
            Vocabulary.Add(length, id);
        }
    }

    private void ReadScored(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Damaged($"entry {Scores.Count} of the vocabulary");
            Vocabulary.Add(reader.CopyString(Vocabulary.Room(reader.ValueSpan.Length)), Scores.Count);
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number)
                throw Damaged($"the score of entry {Scores.Count} of the vocabulary");
            Scores.Add(reader.GetDouble());
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
                throw Damaged($"entry {Scores.Count} of the vocabulary");
        }

        if (reader.TokenType != JsonTokenType.EndArray)
            throw Damaged($"entry {Scores.Count} of the vocabulary");
    }

    // Each is "left right" or, in files of after 2024, ["left", "right"].
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Damaged("the list of merges");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && reader.GetString()!.Split(' ') is [var left, var right])
            {
                Merges.Add(left);
                Merges.Add(right);
                continue;
            }

            if (reader.TokenType != JsonTokenType.StartArray)
                throw Damaged($"merge {Merges.Count / 2}");
            for (var side = 0; side < 2; side++)
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.String)
                    throw Damaged($"merge {Merges.Count / 2}");
                Merges.Added(reader.CopyString(Merges.Room(reader.ValueSpan.Length)));
            }

            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
                throw Damaged($"merge {Merges.Count / 2}");
        }
    }

    private ModelException Damaged(string part) => new($"{path}: {part} has not the form that was expected. Restore the file from where the model came.");

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
