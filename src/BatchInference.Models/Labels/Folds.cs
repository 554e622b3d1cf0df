namespace BatchInference.Models.Labels;

/// <summary>Cuts examples into folds for cross-validation: what belongs together stays together, and each label is spread evenly.</summary>
internal sealed class Folds
{
    private const int Most = 5;

    private Folds(int count, int groups, int[] groupsOfClass, int[] foldOf)
    {
        Count = count;
        Groups = groups;
        GroupsOfClass = groupsOfClass;
        FoldOf = foldOf;
    }

    /// <summary>How many folds; fewer than two when there is nothing to hold out.</summary>
    public int Count { get; }

    /// <summary>How many groups of examples.</summary>
    public int Groups { get; }

    /// <summary>How many groups each class has, by the class of a group's first example.</summary>
    public IReadOnlyList<int> GroupsOfClass { get; }

    /// <summary>The fold of each example.</summary>
    public IReadOnlyList<int> FoldOf { get; }

    /// <summary>Cuts folds; the same examples in the same order always give the same.</summary>
    /// <param name="groups">The key of each example's group.</param>
    /// <param name="classes">The class of each example.</param>
    /// <param name="classCount">How many classes there are.</param>
    public static Folds Of(IReadOnlyList<string> groups, IReadOnlyList<int> classes, int classCount)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var classOfGroup = new List<int>();
        var groupOf = new int[groups.Count];
        for (var i = 0; i < groups.Count; i++)
        {
            if (!first.TryGetValue(groups[i], out groupOf[i]))
            {
                first[groups[i]] = groupOf[i] = classOfGroup.Count;
                classOfGroup.Add(classes[i]);
            }
        }

        var groupsOfClass = new int[classCount];
        foreach (var k in classOfGroup)
            groupsOfClass[k]++;

        // Held-out examples tell something when at least two labels stay in the rest.
        var count = groupsOfClass.Count(n => n >= 2) >= 2 ? Math.Clamp(groupsOfClass.Max(), 2, Most) : 1;
        var foldOfGroup = new int[classOfGroup.Count];
        var next = 0;
        for (var k = 0; k < classCount; k++)
            for (var g = 0; g < classOfGroup.Count; g++)
                if (classOfGroup[g] == k)
                    foldOfGroup[g] = next++ % count;
        return new Folds(count, classOfGroup.Count, groupsOfClass, Array.ConvertAll(groupOf, g => foldOfGroup[g]));
    }
}
