using System.Globalization;
using BatchInference.Documents.Extraction;

namespace BatchInference.Pipeline.Suspects;

/// <summary>
/// What is done about documents that were in hand when the worker died: they wait until all else is done and come then one by one, with nothing beside them. One that brings the worker down
/// while it is alone, and not only once, is set aside. So no chance kills a document: to be blamed it must be met twice by a kill in the moments when it is alone in the model.
/// </summary>
/// <param name="job">The job's name, for the reason.</param>
/// <param name="suspects">By name, as they were when the run began.</param>
internal sealed class Suspicion(string job, IReadOnlyDictionary<string, Suspect> suspects)
{
    private const int FallsToBeSetAside = 2;

    /// <summary>Suspects nobody.</summary>
    public static Suspicion None { get; } = new("", new Dictionary<string, Suspect>());

    /// <summary>The reason of a suspect that waits.</summary>
    public static DocumentFailure Waits { get; } = new("infer", "The worker died while this document was in hand, perhaps by chance. It is done last, and alone.", Permanent: false);

    /// <summary>Why a document is not to be done now; null when it is.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="version">Version of the listed document.</param>
    /// <param name="isAlone">True when its turn has come.</param>
    public DocumentFailure? Judge(string path, string version, bool isAlone)
    {
        if (!suspects.TryGetValue(path, out var suspect) || suspect.Version != version)
            return null;
        if (suspect.Alone < FallsToBeSetAside)
            return isAlone ? null : Waits;
        return new DocumentFailure("infer", string.Create(CultureInfo.InvariantCulture,
            $"This document brought the worker down {suspect.Alone} times while it was the only one in hand. It is set aside; 'batch-inference failures {job} --retry' lets it be tried again."), Permanent: true);
    }

    /// <summary>How often a document fell alone: who never did comes first, so that a kill by chance seldom meets the same one again.</summary>
    public int FallsAlone(string path) => suspects.GetValueOrDefault(path)?.Alone ?? 0;
}
