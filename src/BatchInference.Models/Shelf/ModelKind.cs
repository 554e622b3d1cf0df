namespace BatchInference.Models.Shelf;

/// <summary>What a model can do.</summary>
public enum ModelKind
{
    /// <summary>Gives a text one score for each of its labels.</summary>
    Classifier,

    /// <summary>Gives each token of a text one score for each of its labels.</summary>
    TokenClassifier,

    /// <summary>Gives a text a vector.</summary>
    Embedder,

    /// <summary>Reads a text and writes another (T5, BART, Marian …).</summary>
    EncoderDecoder,

    /// <summary>Goes on with a text (GPT-2, Llama, Qwen …); with a chat template it follows instructions.</summary>
    Decoder,
}
