using System.CommandLine;
using BatchInference.Models.Tasks;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>The options of <c>models try</c>: those that a task of a job has.</summary>
internal sealed class TryOptions
{
    private readonly Option<string?> variant = new("--variant") { Description = "Which of the model's graphs", HelpName = "NAME" };
    private readonly Option<string?> labels = new("--labels") { Description = "The scores of a label set", HelpName = "SET" };
    private readonly Option<string?> template = Containing("--template", ZeroShotTask.Place, "With --labels and a model of entailment: the sentence that is asked of each label, with {} for the label");
    private readonly Option<string> language = new("--language") { Description = "With --labels: language of the template or instruction (default: fr)", HelpName = "CODE", DefaultValueFactory = _ => "fr" };
    private readonly Option<bool> severalLabels = new("--several-labels") { Description = "With --labels and a model of entailment: several labels may hold at once" };
    private readonly Option<long?> sentences = NumberOption.Create("--sentences", $"A summary of so many sentences, 1 to {SummaryLimit.MostSentences}", 1, SummaryLimit.MostSentences);
    private readonly Option<string?> instruction = Containing("--instruction", "{text}", "What a model that writes is told, with {text} for the text");
    private readonly Option<bool> chat = new("--chat") { Description = "The text is what the user says to a chat model" };
    private readonly Option<string?> system = new("--system") { Description = "The system message of a chat model", HelpName = "TEXT" };
    private readonly Option<bool> noThinking = new("--no-thinking") { Description = "A reasoning model answers without thinking first" };
    private readonly Option<long?> maxNewTokens = NumberOption.Create("--max-new-tokens", "Most tokens that are written", 1, 100_000);
    private readonly Option<long?> minNewTokens = NumberOption.Create("--min-new-tokens", "Fewest tokens that are written", 0, 10_000);
    private readonly Option<long?> beams = NumberOption.Create("--beams", "Hypotheses that are followed at once; 1 for the best token each time", 1, 64);
    private readonly Option<double?> lengthPenalty = new("--length-penalty") { Description = "With beams: above 0 prefers longer answers", HelpName = "X" };
    private readonly Option<string?> earlyStopping = new("--early-stopping") { Description = "With beams: when the search ends (heuristic, full, never)", HelpName = "WHEN" };
    private readonly Option<double?> repetitionPenalty = new("--repetition-penalty") { Description = "Above 1 makes tokens that stand there already less likely", HelpName = "X" };
    private readonly Option<long?> noRepeatNgram = NumberOption.Create("--no-repeat-ngram", "No sequence of so many tokens twice", 0, 1000);
    private readonly Option<bool> sample = new("--sample") { Description = "Draw tokens by chance; never without it, whatever generation_config.json says" };
    private readonly Option<double?> temperature = new("--temperature") { Description = "With --sample: below 1 keeps to likely tokens", HelpName = "X" };
    private readonly Option<long?> topK = NumberOption.Create("--top-k", "With --sample: draw from so many of the best tokens; 0 for all", 0, 1_000_000);
    private readonly Option<double?> topP = new("--top-p") { Description = "With --sample: draw from the best tokens that together have this probability", HelpName = "X" };
    private readonly Option<long?> seed = NumberOption.Create("--seed", "With --sample: where chance starts from", 0, long.MaxValue);
    private readonly Option<string[]> stop = new("--stop") { Description = "The answer ends with this text; may be given several times", HelpName = "TEXT" };
    private readonly Option<bool> special = new("--special-tokens") { Description = "Recognise special tokens inside the text as Hugging Face does; else, as in every job, text is only text" };

    public TryOptions() => earlyStopping.AcceptOnlyFromAmong("heuristic", "full", "never");

    public IReadOnlyList<Option> All =>
    [
        variant, labels, template, language, severalLabels, sentences, instruction, chat, system, noThinking, maxNewTokens, minNewTokens, beams, lengthPenalty, earlyStopping,
        repetitionPenalty, noRepeatNgram, sample, temperature, topK, topP, seed, stop, special,
    ];

    public TryRequest Read(ParseResult parsed)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = (int?)parsed.GetValue(maxNewTokens),
            MinNewTokens = (int?)parsed.GetValue(minNewTokens),
            Beams = (int?)parsed.GetValue(beams),
            LengthPenalty = parsed.GetValue(lengthPenalty),
            EarlyStopping = parsed.GetValue(earlyStopping),
            RepetitionPenalty = parsed.GetValue(repetitionPenalty),
            NoRepeatNgram = (int?)parsed.GetValue(noRepeatNgram),
            Sample = parsed.GetValue(sample) ? true : null,
            Temperature = parsed.GetValue(temperature),
            TopK = (int?)parsed.GetValue(topK),
            TopP = parsed.GetValue(topP),
            Seed = parsed.GetValue(seed),
            Stop = parsed.GetValue(stop) is { Length: > 0 } stops ? stops : null,
        };
        return new TryRequest
        {
            Variant = parsed.GetValue(variant),
            Labels = parsed.GetValue(labels),
            Template = parsed.GetValue(template),
            Language = parsed.GetValue(language)!,
            SeveralLabels = parsed.GetValue(severalLabels),
            Sentences = (int?)parsed.GetValue(sentences),
            Prompted = parsed.GetValue(chat) || parsed.GetValue(instruction) is not null || parsed.GetValue(system) is not null,
            Generation = new GenerationRequest
            {
                Instruction = parsed.GetValue(instruction) ?? (parsed.GetValue(chat) ? "{text}" : null),
                System = parsed.GetValue(system),
                Thinking = !parsed.GetValue(noThinking),
                Options = options.ToTransformers(),
            },
            SpecialTokens = parsed.GetValue(special),
        };
    }

    private static Option<string?> Containing(string name, string place, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "TEXT" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && text.Split(place).Length != 2)
                result.AddError($"{name}: write {place} once in it.");
        });
        return option;
    }
}
