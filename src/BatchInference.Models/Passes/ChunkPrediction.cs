namespace BatchInference.Models.Passes;

/// <summary>What a model says of one window. Each pass has its own kind, which only it reads.</summary>
public abstract class ChunkPrediction;
