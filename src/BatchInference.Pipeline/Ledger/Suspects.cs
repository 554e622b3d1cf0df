namespace BatchInference.Pipeline;

/// <summary>A process that died in a run, and what it had in hand.</summary>
/// <param name="Run">The run; it falls once.</param>
/// <param name="Scope">Of the run.</param>
/// <param name="Documents">What was being split, inferred or put together.</param>
/// <param name="IsAlone">True when this one document was all that was in hand, by intent.</param>
public sealed record Fall(RunId Run, ResultScope Scope, IReadOnlyList<FallenDocument> Documents, bool IsAlone);

/// <summary>A document that was in hand when a process died.</summary>
/// <param name="Path">Its name, that of a member included.</param>
/// <param name="Version">The version of the listed document.</param>
public sealed record FallenDocument(string Path, string Version);

/// <summary>A document that may have brought the worker down, and that no run has done since.</summary>
/// <param name="Path">Its name.</param>
/// <param name="Version">The version that is suspected; another one is not.</param>
/// <param name="InCompany">How often the worker died while it was in hand with others.</param>
/// <param name="Alone">How often it died while it was the only one.</param>
public sealed record Suspect(string Path, string Version, int InCompany, int Alone);
