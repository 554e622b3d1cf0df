using System.Globalization;
using System.Runtime.CompilerServices;

namespace BatchInference.Documents;

/// <summary>
/// The files of a folder and of all folders below it, without pipes, sockets and devices. Links that lead outside are not followed. A file that is being written is left for a later run:
/// what is read counts only when its size and time are at the end what they were when it was listed. What has a name that is not valid UTF-8 is listed and fails: .NET can open no such file.
/// </summary>
/// <param name="path">The folder.</param>
/// <param name="names">Which names are documents of the job.</param>
public sealed class FolderSource(string path, NameFilter names) : DocumentSource
{
    // In the place of a version: no file has it.
    private const string ClosedFolder = "unreadable";
    private const string NamedFile = "file-not-utf-8", NamedFolder = "folder-not-utf-8";

    private readonly string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <inheritdoc/>
    public override string Description => root;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"The source folder {root} does not exist, or the account of the service may not see it.");
        // A folder sorts by its name with the slash, as its documents' paths do; a stack keeps the walk flat.
        var waiting = new Stack<IEnumerator<Entry>>();
        waiting.Push(Entries(root, "").GetEnumerator());
        while (waiting.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var folder = waiting.Peek();
            if (!folder.MoveNext())
            {
                folder.Dispose();
                waiting.Pop();
                continue;
            }

            var entry = folder.Current;
            if (IsMisnamed(entry))
            {
                if (entry.IsFolder || names.Matches(entry.Path)) yield return Misnamed(entry.Path.TrimEnd('/'), entry.IsFolder ? NamedFolder : NamedFile);
            }
            else if (entry.IsFolder) waiting.Push(Entries(entry.FullPath, entry.Path).GetEnumerator());
            else if (entry.IsClosed) yield return Closed(entry.Path);
            else if (names.Matches(entry.Path)) yield return Listed(new DocumentId(entry.Path, Version(entry.FullPath, out var length)), length);
        }
    }

    /// <inheritdoc/>
    public override Document Listed(DocumentId id, long? length)
    {
        if (id.Version == ClosedFolder) return Closed(id.Path);
        if (id.Version is NamedFile or NamedFolder) return Misnamed(id.Path, id.Version);
        var full = Path.GetFullPath(Path.Combine(root, id.Path));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || root == Path.GetPathRoot(root)
            ? new Document(id, length, _ => new ValueTask<Stream>(Open(full, id.Version)))
            : throw new ArgumentException($"{id.Path} lies outside {root}.", nameof(id));
    }

    private List<Entry> Entries(string folder, string prefix)
    {
        var entries = new List<Entry>();
        try
        {
            foreach (var item in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (item.LinkTarget is not null && !StaysInside(item)) continue;
                if (item is DirectoryInfo)
                {
                    // A link to a folder inside would list its documents twice.
                    if (item.LinkTarget is null) entries.Add(new Entry($"{prefix}{item.Name}/", item.FullName, true));
                }
                else if (IsFile(item))
                {
                    entries.Add(new Entry(prefix + item.Name, item.FullName, false));
                }
            }
        }
        catch (UnauthorizedAccessException)
        {
            if (prefix.Length == 0) throw new IOException($"The source folder {root} cannot be listed: permission denied. Give the account of the service read access.");
            entries.Add(new Entry(prefix.TrimEnd('/'), folder, false, IsClosed: true));
        }
        catch (DirectoryNotFoundException) when (prefix.Length > 0)
        {
            // Removed while the walk was on its way: so are its documents.
        }

        entries.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        // Names that differ in such bytes alone are the same to .NET.
        for (var index = entries.Count - 1; index > 0; index--)
            if (entries[index].Path == entries[index - 1].Path) entries.RemoveAt(index);
        return entries;
    }

    // Each byte that is no UTF-8 was replaced by this sign; a file that is there under the name bears the sign itself.
    private static bool IsMisnamed(Entry entry) => entry.Path.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(entry.FullPath);

    private static Document Misnamed(string path, string version) => new(new DocumentId(path, version), null, _ => throw new DocumentException(
        $"The name of the {(version == NamedFolder ? "folder is not valid UTF-8, so that its documents cannot be listed" : "file is not valid UTF-8, so that it cannot be opened")} (\uFFFD stands for what is wrong). "
        + "Rename it, for example with `convmv -f cp1252 -t utf8 -r --notest` on the folder around it.", permanent: true));

    // Who opens a pipe waits for its other end.
    private static bool IsFile(FileSystemInfo item)
    {
        try
        {
            return FileKind.IsRegular(item.FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone or closed: its opening tells.
            return true;
        }
    }

    private bool StaysInside(FileSystemInfo link)
    {
        try
        {
            if (link.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true } target) return false;
            // A target that is inside by its name may go through a folder that is itself a link.
            var folder = target is FileInfo file ? file.Directory : ((DirectoryInfo)target).Parent;
            for (; folder is not null && folder.FullName.Length > root.Length; folder = folder.Parent)
                if (folder.LinkTarget is not null) return false;
            return folder?.FullName == root;
        }
        catch (IOException)
        {
            // A link to itself.
            return false;
        }
    }

    private static Document Closed(string path) => new(new DocumentId(path, ClosedFolder), null, _ => throw new DocumentException(
        "Permission denied: the account of the service may not list this folder; its documents are not known.", permanent: false));

    private static string Version(string path, out long? length)
    {
        var file = new FileInfo(path);
        length = file.Exists ? file.Length : null;
        return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.Length}-{file.LastWriteTimeUtc:yyyyMMdd'T'HHmmss.fffffff'Z'}") : "gone";
    }

    private static UnchangedFileStream Open(string path, string version)
    {
        if (!FileKind.IsRegular(path)) throw new DocumentException("Where the file was is now a pipe, a socket or a device; it is not read.", permanent: false);
        var file = new FileStream(path, new FileStreamOptions
        {
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
        });
        return new UnchangedFileStream(file, () => Version(path, out _) == version);
    }

    /// <param name="Path">With <c>/</c>; that of a folder ends with one.</param>
    /// <param name="FullPath">On the disk.</param>
    /// <param name="IsFolder">True for a folder to be walked.</param>
    /// <param name="IsClosed">True for a folder that may not be looked into.</param>
    private sealed record Entry(string Path, string FullPath, bool IsFolder, bool IsClosed = false);
}
