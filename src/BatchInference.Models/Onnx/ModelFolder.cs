using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BatchInference.Models.Onnx;

/// <summary>A model on the shelf: a folder in the layout of model hubs, every file of it pinned by its SHA-256.</summary>
public sealed class ModelFolder
{
    private readonly Dictionary<string, ModelFile> files;

    private ModelFolder(string path, IReadOnlyList<ModelFile> files)
    {
        Path = path;
        Files = files;
        this.files = files.ToDictionary(file => file.Name, StringComparer.Ordinal);
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Select(file => $"{file.Sha256}  {file.Name}\n")))));
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The model's name on the shelf: the folder's name.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Every file of the folder but the pins, sorted by name.</summary>
    public IReadOnlyList<ModelFile> Files { get; }

    /// <summary>Lower-case hexadecimal SHA-256 over names and hashes of all files.</summary>
    public string Fingerprint { get; }

    /// <summary>Opens a folder and verifies every file of it against the pins in <c>SHA256SUMS</c>.</summary>
    /// <exception cref="ModelException">The folder, its pins or a file is missing, a file differs or is not pinned: all differences at once, one a line.</exception>
    public static ModelFolder Open(string path)
    {
        var folder = Existing(path);
        var (files, differences) = Read(folder, () => ModelPins.Verify(folder));
        return differences.Count == 0 ? new ModelFolder(folder, files) : throw new ModelException(string.Join('\n', differences));
    }

    /// <summary>Opens a folder that has no pins yet, or new content: to look at it, then to <see cref="Pin"/> it.</summary>
    /// <exception cref="ModelException">The folder is missing or cannot be read.</exception>
    public static ModelFolder OpenUnpinned(string path)
    {
        var folder = Existing(path);
        return new ModelFolder(folder, Read(folder, () => ModelPins.Compute(folder)));
    }

    /// <summary>Writes the pins of the files as they were when the folder was opened.</summary>
    public void Pin() => ModelPins.Write(Path, Files);

    /// <summary>True when the folder has such a file.</summary>
    /// <param name="name">Path in the folder, with <c>/</c>.</param>
    public bool Has(string name) => files.ContainsKey(name);

    /// <summary>The full path of a file that the model cannot do without.</summary>
    /// <param name="name">Path in the folder, with <c>/</c>.</param>
    /// <exception cref="ModelException">There is no such file.</exception>
    public string At(string name) => Has(name)
        ? System.IO.Path.Combine(Path, name)
        : throw new ModelException($"{System.IO.Path.Combine(Path, name)}: expected a file of the model {Name}, found none. Export or download the model again with this file.");

    /// <summary>A JSON file of the folder; null when there is none.</summary>
    /// <param name="name">Path in the folder, with <c>/</c>.</param>
    /// <exception cref="ModelException">The file is not JSON.</exception>
    public JsonElement? Json(string name)
    {
        if (!Has(name))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(At(name)));
            return document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new ModelException($"{At(name)}: expected JSON, found an error in line {error.LineNumber + 1}. Restore the file from where the model came.", error);
        }
    }

    private static string Existing(string path)
    {
        var folder = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        return Directory.Exists(folder)
            ? folder
            : throw new ModelException($"{folder}: expected the folder of a model, found none. `batch-inference models list` shows the models that there are.");
    }

    private static T Read<T>(string folder, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{folder}: expected to read every file of the model, found: {error.Message} Give this account read access to the folder.", error);
        }
    }
}
