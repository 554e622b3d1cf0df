namespace BatchInference.Models.Labels;

/// <summary>One label of a set.</summary>
/// <param name="Name">The name that stands in the results.</param>
/// <param name="Titles">Its title for people, by ISO 639 code.</param>
/// <param name="Descriptions">What the model reads to know the label: sentences and lists of words, in the order of the file.</param>
public sealed record Label(string Name, IReadOnlyDictionary<string, string> Titles, IReadOnlyList<LabelDescription> Descriptions);

/// <summary>One description of a label.</summary>
/// <param name="Language">ISO 639 code.</param>
/// <param name="Text">A sentence or a list of words.</param>
public sealed record LabelDescription(string Language, string Text);
