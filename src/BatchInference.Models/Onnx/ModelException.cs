namespace BatchInference.Models.Onnx;

/// <summary>A model cannot be used; the message names what, what was expected, what was found, and the remedy.</summary>
public sealed class ModelException : Exception
{
    public ModelException(string message)
        : base(message)
    {
    }

    public ModelException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public ModelException()
    {
    }
}
