using System.Text.Json.Serialization;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>
/// How a model generates: the settings that <c>generation_config.json</c> holds, with the names, defaults and meaning of transformers 4.57.
/// </summary>
internal sealed record GenerationSettings
{
    /// <summary>How many tokens are made when neither <see cref="MaxNewTokens"/> nor <see cref="MaxLength"/> says so.</summary>
    public const int DefaultNewTokens = 20;

    /// <summary>Most new tokens; goes before <see cref="MaxLength"/>.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Most tokens, the prompt (of a decoder) or the start token (of an encoder–decoder) included.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The end is forbidden before this many tokens, prompt or start token included; 0 in settings that have <see cref="MinNewTokens"/>, which go before it.</summary>
    public int MinLength { get; init; }

    /// <summary>The end is forbidden before this many new tokens.</summary>
    public int? MinNewTokens { get; init; }

    /// <summary>Hypotheses that are followed at once; 1 is greedy or sampling.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>Exponent of the length by which a finished hypothesis' score is divided: above 0 prefers long ones.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>When the search for better hypotheses ends.</summary>
    public EarlyStopping EarlyStopping { get; init; }

    /// <summary>How many sequences are given back for one prompt.</summary>
    public int ReturnSequences { get; init; } = 1;

    /// <summary>True to draw the next token by chance instead of taking the best.</summary>
    public bool Sample { get; init; }

    /// <summary>Where chance starts from.</summary>
    public ulong Seed { get; init; }

    public double Temperature { get; init; } = 1;

    /// <summary>Only so many of the best tokens may be drawn; 0 for all.</summary>
    public int TopK { get; init; } = 50;

    /// <summary>Only the best tokens that together have this probability may be drawn.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Only tokens with at least this share of the best one's probability may be drawn.</summary>
    public double? MinP { get; init; }

    public double RepetitionPenalty { get; init; } = 1;

    public double EncoderRepetitionPenalty { get; init; } = 1;

    public int NoRepeatNGramSize { get; init; }

    public int EncoderNoRepeatNGramSize { get; init; }

    /// <summary>Token sequences that must not appear.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWords { get; init; } = [];

    public IReadOnlyList<int> SuppressTokens { get; init; } = [];

    public IReadOnlyList<int> BeginSuppressTokens { get; init; } = [];

    public int? ForcedFirstToken { get; init; }

    /// <summary>The tokens of which one is put at the greatest length.</summary>
    public IReadOnlyList<int> ForcedLastTokens { get; init; } = [];

    /// <summary>Whether probabilities sum to one again behind all rules, so that a hypothesis pays nothing for what they forbid.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] // So that tasks without it keep the fingerprints of their answers.
    public bool RenormalizeLogits { get; init; }

    public IReadOnlyList<int> EndTokens { get; init; } = [];

    public int? PaddingToken { get; init; }

    public int? FirstToken { get; init; }

    /// <summary>What the decoder of an encoder–decoder starts from; <see cref="FirstToken"/> where it is not given.</summary>
    public int? DecoderStartToken { get; init; }

    /// <summary>Generation ends where the new text holds one of these.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>What fills rows that ended sooner than others.</summary>
    public int Filler => PaddingToken ?? (EndTokens.Count > 0 ? EndTokens[0] : 0);

    /// <summary>Most tokens of a row that the model can read; null for no limit. Set by <see cref="GenerationLoop"/>.</summary>
    public int? Context { get; init; }

    /// <summary>The greatest length of a row, prompt or start token included: what is asked for, within what the model can read.</summary>
    /// <param name="promptLength">Tokens of the prompt; 1 for the start token of an encoder–decoder.</param>
    public int LengthLimit(int promptLength)
    {
        var asked = MaxNewTokens is { } tokens ? (long)promptLength + tokens : MaxLength ?? (long)promptLength + DefaultNewTokens;
        // One token is always made: behind a prompt that fills the context there is room for what follows it.
        return (int)Math.Min(asked, Math.Max(Context ?? int.MaxValue, promptLength + 1L));
    }

    /// <summary>Refuses settings that name a token which a model does not have.</summary>
    /// <exception cref="ModelException">One does; the message names it.</exception>
    public void RequireTokens(int vocabulary)
    {
        Require("decoder_start_token_id", DecoderStartToken);
        Require("forced_bos_token_id", ForcedFirstToken);
        foreach (var token in ForcedLastTokens)
            Require("forced_eos_token_id", token);
        foreach (var token in EndTokens)
            Require("eos_token_id", token);

        void Require(string key, int? token)
        {
            if (token is { } id && (uint)id >= (uint)vocabulary)
                throw new ModelException($"Expected `{key}` as a token that the model has, 0 to {vocabulary - 1}, found {id}. Settings and model do not belong together; restore generation_config.json from where the model came.");
        }
    }
}

/// <summary>When beam search of one prompt ends.</summary>
internal enum EarlyStopping
{
    /// <summary>When no running hypothesis, at its present length, beats the worst finished one (<c>false</c>).</summary>
    Heuristic,

    /// <summary>As soon as there are as many finished hypotheses as beams (<c>true</c>).</summary>
    WhenFull,

    /// <summary>When none can beat it at any length that is still possible (<c>"never"</c>).</summary>
    Never,
}
