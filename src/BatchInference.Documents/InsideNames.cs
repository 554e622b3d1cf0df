namespace BatchInference.Documents;

/// <summary>Tells the names of documents inside documents: <c>a.zip!/b.eml</c>, <c>a.jsonl#12</c>.</summary>
public static class InsideNames
{
    /// <summary>True when what follows a document's name is how one inside it is named.</summary>
    public static bool IsInside(ReadOnlySpan<char> behind)
    {
        if (behind.StartsWith("!/"))
            return behind.Length > 2;
        if (behind is not ['#', .. var number])
            return false;
        var end = number.IndexOfAnyExceptInRange('0', '9');
        return end != 0 && number.Length > 0 && (end < 0 || number[end] == '#' || number[end..].StartsWith("!/"));
    }
}
