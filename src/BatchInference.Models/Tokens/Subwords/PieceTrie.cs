using System.Numerics;

namespace BatchInference.Models.Tokens.Subwords;

/// <summary>A trie over UTF-16 units, kept as one open-addressed table of edges: (node, letter) → node.</summary>
internal sealed class PieceTrie
{
    private ulong[] edges;
    private int[] targets;
    private int[] values;
    private int nodes = 1;

    /// <param name="expectedNodes">How many nodes to make room for at first.</param>
    public PieceTrie(int expectedNodes)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * expectedNodes));
        edges = new ulong[size];
        targets = new int[size];
        values = new int[Math.Max(16, expectedNodes)];
        values.AsSpan().Fill(-1);
    }

    /// <summary>The root.</summary>
    public const int Root = 0;

    /// <summary>Adds a piece; a later value takes the place of an earlier one.</summary>
    public void Add(ReadOnlySpan<char> piece, int value)
    {
        var node = Root;
        foreach (var letter in piece)
        {
            var slot = Slot(node, letter);
            if (edges[slot] == 0)
            {
                if (2 * (nodes + 1) > edges.Length)
                {
                    Grow();
                    slot = Slot(node, letter);
                }

                (edges[slot], targets[slot]) = (Edge(node, letter), nodes++);
            }

            node = targets[slot];
        }

        if (node >= values.Length)
        {
            var old = values.Length;
            Array.Resize(ref values, Math.Max(2 * old, nodes));
            values.AsSpan(old).Fill(-1);
        }

        values[node] = value;
    }

    /// <summary>The node behind a letter, or -1.</summary>
    public int Step(int node, char letter)
    {
        var slot = Slot(node, letter);
        return edges[slot] == 0 ? -1 : targets[slot];
    }

    /// <summary>The value of the piece that ends at a node, or -1.</summary>
    public int ValueAt(int node) => node < values.Length ? values[node] : -1;

    /// <summary>The value of a piece, or -1.</summary>
    public int Find(ReadOnlySpan<char> piece)
    {
        var node = Root;
        for (var at = 0; at < piece.Length && node >= 0; at++)
            node = Step(node, piece[at]);
        return node < 0 ? -1 : ValueAt(node);
    }

    // The lowest bits are never all zero, so that zero means an empty slot.
    private static ulong Edge(int node, char letter) => ((ulong)(uint)node << 17) | ((ulong)letter << 1) | 1;

    private int Slot(int node, char letter)
    {
        var edge = Edge(node, letter);
        var mask = edges.Length - 1;
        var slot = (int)((edge * 0x9E3779B97F4A7C15) >> 40) & mask;
        while (edges[slot] != 0 && edges[slot] != edge)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var (oldEdges, oldTargets) = (edges, targets);
        edges = new ulong[2 * oldEdges.Length];
        targets = new int[edges.Length];
        for (var at = 0; at < oldEdges.Length; at++)
        {
            if (oldEdges[at] == 0)
                continue;
            var slot = Slot((int)(oldEdges[at] >> 17), (char)(oldEdges[at] >> 1));
            (edges[slot], targets[slot]) = (oldEdges[at], oldTargets[at]);
        }
    }
}
