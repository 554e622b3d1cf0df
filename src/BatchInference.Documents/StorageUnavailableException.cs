namespace BatchInference.Documents;

/// <summary>A storage gives nothing to anybody just now: it is too busy, does not answer, cuts connections. No document is the cause, and waiting may help.</summary>
public sealed class StorageUnavailableException(string message, Exception? innerException = null) : IOException(message, innerException);
