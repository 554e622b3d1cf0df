using System.Globalization;
using BatchInference.Models.Onnx;

namespace BatchInference.Worker.Doctor;

/// <summary>Whether the models of a job fit into the memory of this machine, or of the container that it is.</summary>
internal static class MemoryNeed
{
    // The program itself with its books, and the rows of a batch between two layers.
    private const long Beside = 320L << 20;

    // Weights are laid out anew when a graph is loaded: while that is done both are there.
    private const double Loading = 1.5;

    /// <summary>What is needed and there.</summary>
    /// <param name="models">Name and bytes of the weights of each.</param>
    /// <param name="available">Bytes.</param>
    /// <exception cref="ModelException">It is too little.</exception>
    public static string Judge(IReadOnlyList<(string Name, long Bytes)> models, long available)
    {
        var needed = Beside + (long)(models.Sum(model => model.Bytes) * Loading);
        var named = string.Join(", ", models.Select(model => string.Create(CultureInfo.InvariantCulture, $"{model.Name} ({Megabytes(model.Bytes)} MiB of weights)")));
        var found = string.Create(CultureInfo.InvariantCulture, $"{named}: about {Megabytes(needed)} MiB needed, {Megabytes(available)} MiB there");
        return needed <= available ? found : throw new ModelException($"{found}. Give the machine or the service more memory, or choose a smaller variant or model.");
    }

    private static long Megabytes(long bytes) => (bytes + (1 << 20) - 1) >> 20;
}
