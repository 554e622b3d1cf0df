using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>
/// The labels of a job as a tree of their tokens, and what a generating model thinks of each. The model is walked down the tree, so it can say nothing but a label; at each
/// fork the probabilities of the ways that are open are made to sum to one, so the scores of all labels do too.
/// </summary>
internal sealed class LabelTrie
{
    private readonly Node root = new(-1);
    private readonly int[] ends;

    /// <summary>Plants the tree.</summary>
    /// <param name="labels">The tokens of each label as they would follow the prompt.</param>
    /// <param name="ends">The tokens that end an answer, any of them (a chat model ends a turn with another than a text): where one label begins another, they tell them apart.</param>
    /// <exception cref="ModelException">A label has no tokens, or two have the same.</exception>
    public LabelTrie(IReadOnlyList<int[]> labels, IEnumerable<int> ends)
    {
        this.ends = [.. ends.Distinct()];
        Count = labels.Count;
        for (var label = 0; label < labels.Count; label++)
        {
            var node = root;
            foreach (var token in labels[label])
                node = node.Child(token);
            if (labels[label].Length == 0 || node.Label is not null)
                throw new ModelException($"Expected labels whose tokens differ, found that label {label + 1} has none, or those of label {node.Label + 1}. Give the labels different names.");
            node.Label = label;
        }

        Width = Levels(root).Skip(1).Select(level => level.Count(node => node.Children.Count > 0)).Append(1).Max();
    }

    /// <summary>How many labels there are.</summary>
    public int Count { get; }

    /// <summary>How many rows one prompt becomes at most: the ways that are walked on at one depth, each with a copy of all that the model keeps of the prompt.</summary>
    public int Width { get; }

    /// <summary>The probability of each label for each prompt.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public double[][] Score(GeneratingModel model, IReadOnlyList<GenerationRow> prompts, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var scores = prompts.Select(_ => new double[Count]).ToArray();
        // The cache of a decoder may be made once for the greatest length: that of the deepest label.
        using var decoding = model.Begin(prompts, settings with { MaxNewTokens = root.Depth() + 1 }, cancellationToken);
        var places = prompts.Select((_, prompt) => new Place(prompt, root, 1)).ToList();
        while (true)
        {
            var next = new List<Place>();
            var from = new List<int>();
            for (var row = 0; row < places.Count; row++)
            {
                foreach (var (child, share) in Ways(places[row], decoding.Scores(row), scores))
                {
                    next.Add(new Place(places[row].Prompt, child, places[row].Share * share));
                    from.Add(row);
                }
            }

            if (next.Count == 0)
                return scores;
            decoding.Keep([.. from]);
            decoding.Step([.. next.Select(place => place.Node.Token)], cancellationToken);
            places = next;
        }
    }

    // Settles the labels that end here, and gives the ways that must be walked on.
    private List<(Node Child, double Share)> Ways(Place place, ReadOnlySpan<float> given, double[][] scores)
    {
        var further = new List<(Node, double)>();
        var node = place.Node;
        var end = node.Label is null ? double.NegativeInfinity : End(given);
        var most = end;
        foreach (var child in node.Children)
            most = Math.Max(most, given[child.Token]);
        var sum = Math.Exp(end - most);
        foreach (var child in node.Children)
            sum += Math.Exp(given[child.Token] - most);
        if (node.Label is { } own)
            scores[place.Prompt][own] = place.Share * Math.Exp(end - most) / sum;
        foreach (var child in node.Children)
        {
            var share = Math.Exp(given[child.Token] - most) / sum;
            // A label that nothing continues needs no further step: it can only end.
            if (child.Children.Count == 0)
                scores[place.Prompt][child.Label!.Value] = place.Share * share;
            else
                further.Add((child, share));
        }

        return further;
    }

    // The score of ending at all: the logarithm of what the ends have together.
    private double End(ReadOnlySpan<float> given)
    {
        var most = double.NegativeInfinity;
        foreach (var end in ends)
            most = Math.Max(most, given[end]);
        if (double.IsNegativeInfinity(most))
            return most;
        var sum = 0.0;
        foreach (var end in ends)
            sum += Math.Exp(given[end] - most);
        return most + Math.Log(sum);
    }

    private static IEnumerable<IReadOnlyList<Node>> Levels(Node root)
    {
        for (List<Node> level = [root]; level.Count > 0; level = [.. level.SelectMany(node => node.Children)])
            yield return level;
    }

    private readonly record struct Place(int Prompt, Node Node, double Share);

    private sealed class Node(int token)
    {
        public int Token { get; } = token;

        public int? Label { get; set; }

        public List<Node> Children { get; } = [];

        public Node Child(int next)
        {
            if (Children.Find(child => child.Token == next) is { } known)
                return known;
            Children.Add(new Node(next));
            return Children[^1];
        }

        public int Depth() => Children.Count == 0 ? 0 : 1 + Children.Max(child => child.Depth());
    }
}
