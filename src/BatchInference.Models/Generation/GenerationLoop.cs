using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using BatchInference.Models.Generation.Rules;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>
/// Makes sequences for a batch of rows: greedy, sampled or by beam search, with the meaning of transformers 4.57. A row that is done leaves the batch, so it costs nothing more;
/// what a row says does not depend on its company.
/// </summary>
internal sealed class GenerationLoop
{
    private readonly GeneratingModel model;
    private readonly GenerationSettings settings;
    private readonly LogitsRules rules;

    /// <param name="model">What is asked.</param>
    /// <param name="asked">How; no row grows beyond the model's context, whatever this says.</param>
    /// <exception cref="ModelException">The settings name a token that the model does not have.</exception>
    public GenerationLoop(GeneratingModel model, GenerationSettings asked)
    {
        this.model = model;
        asked.RequireTokens(model.Vocabulary);
        settings = asked with { Context = model.Context };
        rules = new LogitsRules(settings);
    }

    /// <summary>Generates.</summary>
    /// <param name="rows">Prompts or sources.</param>
    /// <param name="stops">Tells whether these new tokens end a row (<see cref="StopStrings"/>); null when only end tokens and length do.</param>
    /// <param name="cancellationToken">Stops within one step, and within the step after some tens of milliseconds.</param>
    /// <returns>For each row its sequences, best first.</returns>
    /// <exception cref="ArgumentException">A row is empty, longer than the model's context, or has ids that the model does not have.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public IReadOnlyList<IReadOnlyList<GeneratedSequence>> Generate(
        IReadOnlyList<GenerationRow> rows, Func<ReadOnlySpan<int>, bool>? stops, CancellationToken cancellationToken)
    {
        var results = new List<IReadOnlyList<GeneratedSequence>>(rows.Count);
        int[] lengths = [.. rows.Select(row => (int)Math.Min(int.MaxValue, settings.Beams * (long)settings.LengthLimit(row.Ids.Length)))];
        model.Fitting.Run(lengths, (from, count) =>
        {
            IReadOnlyList<GenerationRow> part = [.. rows.Skip(from).Take(count)];
            using var decoding = model.Begin(part, settings, cancellationToken);
            results.AddRange(settings.Beams == 1 ? One(part, decoding, stops, cancellationToken) : Beams(part, decoding, stops, cancellationToken));
        });
        return results;
    }

    private List<GeneratedSequence>[] One(IReadOnlyList<GenerationRow> rows, Decoding decoding, Func<ReadOnlySpan<int>, bool>? stops, CancellationToken cancellationToken)
    {
        var results = new List<GeneratedSequence>[rows.Count];
        var open = new List<OpenRow>();
        for (var index = 0; index < rows.Count; index++)
        {
            results[index] = [];
            for (var sequence = 0; sequence < settings.ReturnSequences; sequence++)
                open.Add(new OpenRow(index, [.. model.Start(rows[index], settings)], settings.Sample ? new TokenChance(settings.Seed, rows[index].Ids.AsSpan(), sequence) : null));
        }

        if (settings.ReturnSequences > 1)
            decoding.Keep([.. open.Select(row => row.Index)]);
        var scores = new float[model.Vocabulary];
        while (true)
        {
            var going = new List<OpenRow>(open.Count);
            var places = new List<int>(open.Count);
            for (var place = 0; place < open.Count; place++)
            {
                var row = open[place];
                var token = Next(row, rows[row.Index], decoding.Scores(place), scores);
                row.Ids.Add(token);
                var ended = settings.EndTokens.Contains(token) || (stops is not null && stops(row.New));
                if (ended || row.Ids.Count >= settings.LengthLimit(row.Prompt))
                {
                    results[row.Index].Add(new GeneratedSequence([.. row.New], null, ended));
                    continue;
                }

                going.Add(row);
                places.Add(place);
            }

            if (going.Count == 0)
                return results;
            if (going.Count < open.Count)
                decoding.Keep([.. places]);
            open = going;
            decoding.Step([.. open.Select(row => row.Ids[^1])], cancellationToken);
        }
    }

    private int Next(OpenRow row, GenerationRow from, ReadOnlySpan<float> given, float[] scores)
    {
        if (rules.IsEmpty && row.Chance is null)
            return TensorPrimitives.IndexOfMax(given);
        given.CopyTo(scores);
        rules.Apply(new RowSoFar(CollectionsMarshal.AsSpan(row.Ids), row.Prompt, from.Ids), scores);
        return row.Chance is { } chance ? chance.Draw(scores) : TensorPrimitives.IndexOfMax<float>(scores);
    }

    private GeneratedSequence[][] Beams(IReadOnlyList<GenerationRow> rows, Decoding decoding, Func<ReadOnlySpan<int>, bool>? stops, CancellationToken cancellationToken)
    {
        var searches = rows.Select((row, index) => (Index: index, Search: new BeamSearch(settings, model.Start(row, settings)))).ToList();
        var all = searches.Select(entry => entry.Search).ToArray();
        decoding.Keep([.. searches.SelectMany(entry => Enumerable.Repeat(entry.Index, settings.Beams))]);
        var scores = new float[settings.Beams * model.Vocabulary];
        while (true)
        {
            var parents = new List<int>();
            var going = new List<(int Index, BeamSearch Search)>();
            for (var place = 0; place < searches.Count; place++)
            {
                var (index, search) = searches[place];
                var prompt = model.Start(rows[index], settings).Length;
                for (var beam = 0; beam < settings.Beams; beam++)
                    LogProbabilities(decoding.Scores(place * settings.Beams + beam), search.Running[beam].Ids, prompt, rows[index].Ids, scores.AsSpan(beam * model.Vocabulary, model.Vocabulary));
                search.Step(scores, stops is null ? null : ids => stops(ids.AsSpan(prompt)));
                if (search.Done)
                    continue;
                going.Add((index, search));
                parents.AddRange(search.Running.Select(hypothesis => place * settings.Beams + hypothesis.Parent));
            }

            if (going.Count == 0)
                return [.. all.Select((search, index) => search.Best.Select(best => Result(best, model.Start(rows[index], settings).Length)).ToArray())];
            decoding.Keep([.. parents]);
            searches = going;
            decoding.Step([.. searches.SelectMany(entry => entry.Search.Running).Select(hypothesis => hypothesis.Ids[^1])], cancellationToken);
        }
    }

    private void LogProbabilities(ReadOnlySpan<float> given, int[] ids, int prompt, int[] source, Span<float> scores)
    {
        given.CopyTo(scores);
        LogitNormalization.Normalize(scores);
        rules.Apply(new RowSoFar(ids, prompt, source), scores);
    }

    private GeneratedSequence Result(BeamSearch.Hypothesis best, int prompt) =>
        new(best.Ids[prompt..], best.Score, settings.EndTokens.Contains(best.Ids[^1]) || best.Ids.Length < settings.LengthLimit(prompt));

    private sealed class OpenRow(int index, List<int> ids, TokenChance? chance)
    {
        public int Index { get; } = index;

        public List<int> Ids { get; } = ids;

        public int Prompt { get; } = ids.Count;

        public TokenChance? Chance { get; } = chance;

        public ReadOnlySpan<int> New => CollectionsMarshal.AsSpan(Ids)[Prompt..];
    }
}
