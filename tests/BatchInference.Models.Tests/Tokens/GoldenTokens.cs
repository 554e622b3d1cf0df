using System.Globalization;
using System.Text.Json;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>Compares a tokenizer with the <c>tokenization</c> of a fixture.</summary>
internal sealed class GoldenTokens(Tokenizer tokenizer, JsonElement golden, JsonElement strings)
{
    private readonly string[] texts = [.. strings.GetProperty("strings").EnumerateArray().Select(text => text.GetString()!)];
    private readonly bool hasTypes = golden.GetProperty("type_ids").GetBoolean();

    /// <summary>How many rows and texts were compared.</summary>
    public int Compared { get; private set; }

    public List<string> Differences { get; } = [];

    public void All()
    {
        for (var at = 0; at < texts.Length; at++)
        {
            var (text, ids) = (texts[at], golden.GetProperty("plain")[at].GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray());
            Rows("plain", [text], [golden.GetProperty("plain")[at]], Encode(text));
            Rows("no_special", [text], [golden.GetProperty("no_special")[at]], Encode(text, special: false));
            if (Entry("truncated32", at) is { } truncated)
                Rows("truncated32", [text], [truncated], Encode(text, truncation: new TokenTruncation(32)).Take(1));
            if (Entry("stride8", at) is { } windows)
                Rows("stride8", [text], windows.EnumerateArray(), Encode(text, truncation: new TokenTruncation(32, Stride: 8)));
            var decoded = golden.GetProperty("decode")[at];
            Same("decode", text, decoded[0].GetString()!, tokenizer.Decode(ids, skipSpecialTokens: false));
            Same("decode without special tokens", text, decoded[1].GetString()!, tokenizer.Decode(ids, skipSpecialTokens: true));
            if (golden.TryGetProperty("target", out var target) && at < target.GetArrayLength())
                Rows("target", [text], [target[at]], [tokenizer.Target.EncodeWithTemplate(text, recognizeSpecialTokens: true)]);
        }

        Pairs();
        Padded("padded_right", left: false);
        Padded("padded_left", left: true);
    }

    private void Pairs()
    {
        foreach (var (at, pair) in strings.GetProperty("pairs").EnumerateArray().Index())
        {
            string[] both = [pair[0].GetString()!, pair[1].GetString()!];
            Rows("pairs", both, [golden.GetProperty("pairs")[at]], Encode(both[0], both[1]));
            foreach (var kind in Entry("pairs_truncated32", at) is { } truncated ? truncated.EnumerateObject() : default)
            {
                var strategy = kind.Name.Replace("_stride8", "", StringComparison.Ordinal) switch
                {
                    "longest_first" => TruncationStrategy.LongestFirst,
                    "only_first" => TruncationStrategy.OnlyFirst,
                    "only_second" => TruncationStrategy.OnlySecond,
                    var other => throw new InvalidOperationException(other),
                };
                if (kind.Value.ValueKind == JsonValueKind.Array)
                    Rows(kind.Name, both, kind.Value.EnumerateArray(), Encode(both[0], both[1], new TokenTruncation(32, strategy, 8)));
                else
                    Rows(kind.Name, both, [kind.Value], Encode(both[0], both[1], new TokenTruncation(32, strategy)).Take(1));
            }
        }
    }

    private void Padded(string name, bool left)
    {
        if (!golden.TryGetProperty(name, out var rows))
            return;
        var batch = strings.GetProperty("padded").EnumerateArray().Select(index => texts[index.GetInt32()]).ToArray();
        var padded = TokenizedText.Pad([.. batch.Select(text => Encode(text)[0])], tokenizer.Padding!.Value, left);
        for (var at = 0; at < batch.Length; at++)
            Rows(name, [batch[at]], [rows[at]], [padded[at]]);
    }

    private IReadOnlyList<TokenizedText> Encode(string text, string? pair = null, TokenTruncation? truncation = null, bool special = true) =>
        tokenizer.EncodeRows(text, pair, truncation, recognizeSpecialTokens: true, addSpecialTokens: special);

    private JsonElement? Entry(string name, int index) =>
        golden.TryGetProperty(name, out var entries) && entries.TryGetProperty(index.ToString(CultureInfo.InvariantCulture), out var entry) ? entry : null;

    // Slow tokenizers have no offsets, and not every model has types: these are compared where they are.
    private void Rows(string kind, string[] of, IEnumerable<JsonElement> expected, IEnumerable<TokenizedText> found)
    {
        var rows = expected.ToArray();
        var offsets = rows[0].TryGetProperty("offsets", out _);
        Same(kind, string.Join(" + ", of), string.Join('\n', rows.Select(row => Told(row, offsets))), string.Join('\n', found.Select(row => Told(row, of, offsets))));
    }

    private string Told(JsonElement row, bool offsets)
    {
        var ids = Numbers(row, "ids")!;
        return Told(ids, offsets ? [.. row.GetProperty("offsets").EnumerateArray().Select(range => (range[0].GetInt32(), range[1].GetInt32()))] : null, Numbers(row, "types") ?? new int[ids.Length], Numbers(row, "mask"));
    }

    private string Told(TokenizedText row, string[] of, bool offsets)
    {
        var ranges = row.Offsets.Zip(row.Texts, (range, text) => (CodePoints(text < 0 ? "" : of[text], range.Start), CodePoints(text < 0 ? "" : of[text], range.End)));
        return Told(row.Ids, offsets ? [.. ranges] : null, row.TypeIds, row.Mask is { } mask && mask.Contains(0) ? mask : null);
    }

    private string Told(int[] ids, (int, int)[]? offsets, int[] types, int[]? mask) =>
        $"{string.Join(' ', ids)} | {string.Join(' ', offsets ?? [])} | {(hasTypes ? string.Join(' ', types) : "")} | {string.Join(' ', mask ?? [])}";

    private void Same(string kind, string text, string expected, string found)
    {
        Compared++;
        if (found != expected)
            Differences.Add($"{kind} {JsonSerializer.Serialize(text)}\n  found    {found}\n  expected {expected}");
    }

    private static int[]? Numbers(JsonElement row, string name) => row.TryGetProperty(name, out var numbers) ? [.. numbers.EnumerateArray().Select(number => number.GetInt32())] : null;

    private static int CodePoints(string text, int end)
    {
        var count = 0;
        foreach (var _ in text.AsSpan(0, end).EnumerateRunes())
            count++;
        return count;
    }
}
