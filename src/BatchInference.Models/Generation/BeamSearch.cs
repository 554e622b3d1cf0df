namespace BatchInference.Models.Generation;

/// <summary>
/// Beam search of one prompt, as transformers 4.57 does it (<c>_beam_search</c> in generation/utils.py), in single precision like there: a pure policy that is told the
/// scores of each step and tells which hypotheses go on. A prompt decides alone when it is done, so its company changes nothing.
/// </summary>
internal sealed class BeamSearch
{
    // The library's "minus infinity". In single precision, adding it to a score swallows the score.
    private const float Out = -1e9f;

    private readonly GenerationSettings settings;
    private readonly int promptLength;
    private readonly int limit;
    private readonly int candidates;
    private Hypothesis[] finished;
    private bool improvable = true;

    public BeamSearch(GenerationSettings settings, IReadOnlyList<int> prompt)
    {
        this.settings = settings;
        promptLength = prompt.Count;
        limit = settings.LengthLimit(promptLength);
        candidates = Math.Max(2, 1 + settings.EndTokens.Count) * settings.Beams;
        Running = new Hypothesis[settings.Beams];
        for (var beam = 0; beam < settings.Beams; beam++)
            Running[beam] = new Hypothesis([.. prompt], beam == 0 ? 0 : Out, false, beam);
        finished = [.. Enumerable.Repeat(new Hypothesis([.. prompt], Out, false, 0), settings.Beams)];
    }

    /// <summary>The hypotheses that are followed, best first.</summary>
    public Hypothesis[] Running { get; private set; }

    /// <summary>True when nothing can change any more.</summary>
    public bool Done { get; private set; }

    /// <summary>The best finished hypotheses, best first, as many as are to be given back.</summary>
    public IEnumerable<Hypothesis> Best => finished.Take(settings.ReturnSequences);

    /// <summary>Takes the next step.</summary>
    /// <param name="scores">For each running hypothesis one row of log-probabilities after the rules, one row behind the other.</param>
    /// <param name="stops">Tells whether these tokens (prompt included) end a hypothesis beyond end tokens and length; null when nothing else does.</param>
    public void Step(ReadOnlySpan<float> scores, Func<int[], bool>? stops)
    {
        var next = Continuations(scores, stops);
        Finish(next);
        for (var place = 0; place < next.Length; place++)
            if (next[place].Ended)
                next[place] = next[place] with { Score = next[place].Score + Out };
        Running = Top(next, settings.Beams);

        var length = Running[0].Ids.Length - promptLength;
        var longest = settings.EarlyStopping == EarlyStopping.Never && settings.LengthPenalty > 0 ? limit - promptLength : length;
        // As long as a place is free, its "score" is the worst.
        var worst = finished.All(hypothesis => hypothesis.Ended) ? finished.Min(hypothesis => hypothesis.Score) : Out;
        improvable &= Running[0].Score / Power(longest) > worst;
        Done = !improvable || (settings.EarlyStopping == EarlyStopping.WhenFull && finished.All(hypothesis => hypothesis.Ended)) || next.All(hypothesis => hypothesis.Ended);
    }

    private float Power(int length) => (float)Math.Pow(length, settings.LengthPenalty);

    private Hypothesis[] Continuations(ReadOnlySpan<float> scores, Func<int[], bool>? stops)
    {
        var vocabulary = scores.Length / Running.Length;
        // Best first; of equals the one that came first, and what is forbidden fills up when too little is allowed.
        var best = new PriorityQueue<(int Beam, int Token, float Score), (float Score, int Place)>(candidates + 1);
        var least = float.NegativeInfinity;
        for (var beam = 0; beam < Running.Length; beam++)
        {
            var row = scores.Slice(beam * vocabulary, vocabulary);
            var before = Running[beam].Score;
            for (var token = 0; token < row.Length; token++)
            {
                var score = row[token] + before;
                var entry = ((beam, token, score), (score, -(beam * vocabulary + token)));
                if (best.Count < candidates)
                    best.Enqueue(entry.Item1, entry.Item2);
                else if (score > least)
                    best.EnqueueDequeue(entry.Item1, entry.Item2);
                else
                    continue;
                if (best.Count == candidates)
                    least = best.Peek().Score;
            }
        }

        var next = new Hypothesis[best.Count];
        for (var place = best.Count - 1; place >= 0; place--)
        {
            var (beam, token, score) = best.Dequeue();
            int[] ids = [.. Running[beam].Ids, token];
            var ended = settings.EndTokens.Contains(token) || ids.Length >= limit || (stops is not null && stops(ids));
            next[place] = new Hypothesis(ids, score, ended, beam);
        }

        return next;
    }

    // Only an end among the first of the candidates, as many as there are beams, counts.
    private void Finish(Hypothesis[] next)
    {
        if (!improvable || (settings.EarlyStopping == EarlyStopping.WhenFull && finished.All(hypothesis => hypothesis.Ended)))
            return;
        var divisor = Power(next[0].Ids.Length - promptLength);
        var ended = next.Take(settings.Beams).Where(hypothesis => hypothesis.Ended).Select(hypothesis => hypothesis with { Score = hypothesis.Score / divisor });
        finished = Top([.. finished, .. ended], settings.Beams);
    }

    private static Hypothesis[] Top(IReadOnlyList<Hypothesis> from, int count) => [.. from.OrderByDescending(hypothesis => hypothesis.Score).Take(count)];

    /// <summary>A row that is followed or finished.</summary>
    /// <param name="Ids">All its tokens, prompt included.</param>
    /// <param name="Score">Sum of log-probabilities; of a finished one divided by the length penalty.</param>
    /// <param name="Ended">True when it is complete.</param>
    /// <param name="Parent">Which of the hypotheses of the step before it continues.</param>
    internal sealed record Hypothesis(int[] Ids, float Score, bool Ended, int Parent);
}
