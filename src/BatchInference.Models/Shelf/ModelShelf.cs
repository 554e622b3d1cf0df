using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>The models that jobs may use: those that are shipped, and those that the organisation added.</summary>
/// <param name="shipped">The folder of the shipped models; read only.</param>
/// <param name="added">The folder of the added ones; made when the first is added.</param>
public sealed class ModelShelf(string shipped, string added)
{
    /// <summary>The names of all models, sorted. An added one hides a shipped one of the same name only by being refused: names are unique.</summary>
    public IReadOnlyList<string> Names => [.. Folders(shipped).Concat(Folders(added)).Select(folder => System.IO.Path.GetFileName(folder)!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Opens a model and verifies every file of it against its pins.</summary>
    /// <exception cref="ModelException">There is no such model, or a file differs.</exception>
    public ModelFolder Open(string name) => ModelFolder.Open(Find(name) ?? throw new ModelException($"Expected a model named `{name}` on the shelf, found {(Names.Count == 0 ? "none at all" : string.Join(", ", Names))}. Add it with `batch-inference models add FOLDER`."));

    /// <summary>What a model is.</summary>
    /// <exception cref="ModelException">There is no such model, or it is not sound.</exception>
    public ModelDescription Describe(string name) => ModelInspection.Inspect(Open(name));

    /// <summary>Checks a folder and puts it on the shelf, whole or not at all; every file is pinned by its SHA-256.</summary>
    /// <param name="source">The folder as it came from a model hub or an export.</param>
    /// <param name="name">Its name on the shelf; null for the folder's own.</param>
    /// <param name="link">True to link the files instead of copying them.</param>
    /// <exception cref="ModelException">The folder is not sound (all that is wrong at once), or the name is taken or unfit.</exception>
    public ModelDescription Add(string source, string? name, bool link)
    {
        FolderLinks.Check(source);
        var folder = ModelFolder.OpenUnpinned(source);
        name ??= folder.Name;
        if (name.Length is 0 or > 100 || name[0] == '.' || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.'))
            throw new ModelException($"Expected a name of letters, digits, `-`, `_` and `.` for the model, found `{name}`. Give another with --name.");
        if (Find(name) is { } there)
            throw new ModelException($"Expected a new name, found that `{name}` is on the shelf already ({there}). Remove that folder first, or give another name with --name.");
        var description = ModelInspection.Inspect(folder);
        // Only now native code sees it.
        ModelTrial.Run(folder, description);

        var target = System.IO.Path.Combine(added, name);
        var coming = System.IO.Path.Combine(added, $".{name}.coming");
        try
        {
            if (Directory.Exists(coming))
                Directory.Delete(coming, recursive: true);
            foreach (var file in folder.Files)
                Bring(folder.At(file.Name), System.IO.Path.Combine(coming, file.Name), link);
            var brought = ModelFolder.OpenUnpinned(coming);
            // What was judged is what is pinned, even when somebody changed the source meanwhile.
            if (brought.Fingerprint != folder.Fingerprint)
                throw new ModelException($"{source}: expected its files to stay as they are while they are added, found that they changed. Add the folder again.");
            brought.Pin();
            Directory.Move(coming, target);
            return description;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{target}: expected to write the model, found: {error.Message} Give this account write access, and room on the disk.", error);
        }
    }

    private static void Bring(string from, string to, bool link)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
        if (link)
            File.CreateSymbolicLink(to, from);
        else
            File.Copy(from, to);
    }

    private string? Find(string name) => Folders(shipped).Concat(Folders(added)).FirstOrDefault(folder => System.IO.Path.GetFileName(folder) == name);

    private static IEnumerable<string> Folders(string root) => Directory.Exists(root) ? Directory.EnumerateDirectories(root).Where(folder => !System.IO.Path.GetFileName(folder).StartsWith('.')) : [];
}
