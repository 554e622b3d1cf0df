namespace BatchInference.Models.Onnx;

/// <summary>A file of a model folder.</summary>
/// <param name="Name">Its path in the folder, with <c>/</c>.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of its content.</param>
public sealed record ModelFile(string Name, string Sha256);
