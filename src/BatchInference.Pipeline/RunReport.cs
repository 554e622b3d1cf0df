namespace BatchInference.Pipeline;

/// <summary>How a run ended.</summary>
public sealed record RunReport
{
    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>The run's name.</summary>
    public required RunId Run { get; init; }

    /// <summary>How it ended.</summary>
    public required RunEnd End { get; init; }

    /// <summary>Why it ended before all was done; null when all is.</summary>
    public string? Reason { get; init; }

    /// <summary>Most documents that it was asked for; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>True when it did as many documents as it was asked for, and others are left.</summary>
    public bool LeavesOthers { get; init; }

    /// <summary>What became of the documents.</summary>
    public required RunCounts Counts { get; init; }

    /// <summary>Documents still to be done, temporary failures included; null when the run ended before they were counted.</summary>
    public long? Remaining { get; init; }

    /// <summary>As <see cref="RunEnding.Next"/>.</summary>
    internal string? Next { get; init; }

    /// <summary>As <see cref="WriteLoop.MayHaveLeftAPart"/>.</summary>
    internal bool MayHaveLeftAPart { get; init; }

    /// <summary>True when another node led the run and this one did some of its shards.</summary>
    public bool IsShared { get; init; }

    /// <summary>Parts this run published.</summary>
    public int Parts { get; init; }

    /// <summary>Name of the run's folder in the output; null where there was nothing to tell: no document to be done.</summary>
    public string? Folder { get; init; }

    /// <summary>What an admin should look at though the run went on: parts that the output has lost, parts taken over from a killed run.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>True when every document was settled already.</summary>
    public bool NothingToDo => End == RunEnd.Complete && Counts is { Done: 0, Temporary: 0, Unchanged: 0 };
}

/// <summary>How a run ended.</summary>
public enum RunEnd
{
    /// <summary>Every document that it was asked for has its row or its line.</summary>
    Complete,

    /// <summary>Stopped in good order before the end; the next run goes on.</summary>
    Stopped,

    /// <summary>It could not go on: source, model or output was gone.</summary>
    Failed,
}

/// <summary>What became of the documents of a run.</summary>
public sealed record RunCounts
{
    /// <summary>Documents the source listed.</summary>
    public long Listed { get; init; }

    /// <summary>Documents that were settled already.</summary>
    public long Skipped { get; init; }

    /// <summary>Documents whose version changed and whose content did not.</summary>
    public long Unchanged { get; init; }

    /// <summary>Rows with answers of all tasks.</summary>
    public long Completed { get; init; }

    /// <summary>Rows with answers of some tasks.</summary>
    public long Partial { get; init; }

    /// <summary>Rows without answers: permanent failures.</summary>
    public long Failed { get; init; }

    /// <summary>Documents without a row that the next run tries again.</summary>
    public long Temporary { get; init; }

    /// <summary>How many of the rows are of documents inside other documents, which the source does not list; null where the process that wrote them died.</summary>
    public long? Members { get; init; }

    /// <summary>Tokens of the rows, as their <c>tokens.read</c> count them.</summary>
    public long Tokens { get; init; }

    /// <summary>Documents that got a row.</summary>
    public long Done => Completed + Partial + Failed;
}
