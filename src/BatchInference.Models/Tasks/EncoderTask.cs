namespace BatchInference.Models.Tasks;

/// <summary>A task that is answered from what a sentence encoder says of a document; several share one forward pass.</summary>
/// <param name="name">The task's name in the job.</param>
public abstract class EncoderTask(string name)
{
    /// <summary>The task's name in the job.</summary>
    public string Name { get; } = name;

    /// <summary>Lower-case hexadecimal SHA-256 over everything of the task that changes an answer: label set, settings, scorer.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>True when the task reads <see cref="EncodedDocument.Sentences"/> and their vectors; splitting is left out where no task does.</summary>
    public abstract bool NeedsSentences { get; }

    /// <summary>The answer for one document. May be called from any thread.</summary>
    /// <param name="document">What the encoder says of it.</param>
    /// <param name="model">The model's name and variant, for <see cref="Prediction.Model"/>.</param>
    public abstract Prediction Predict(EncodedDocument document, string model);
}
