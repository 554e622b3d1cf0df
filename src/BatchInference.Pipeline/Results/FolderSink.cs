using System.Runtime.CompilerServices;

namespace BatchInference.Pipeline.Results;

/// <summary>Results in a folder of this machine or of a mounted share.</summary>
public sealed class FolderSink : ResultSink
{
    // Temporary files stand in one folder of the same file system, not beside their final names, so that what a killed run left is found without searching all results.
    private const string Incoming = ".incoming";

    // Another node may sweep while this one writes; it does so once, at the beginning of a run.
    private const int Attempts = 3;

    private readonly string root;

    /// <summary>Names the place; touches nothing.</summary>
    /// <param name="folder">The job's folder in the output: <c>&lt;output&gt;/&lt;job&gt;</c>.</param>
    public FolderSink(string folder) => root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    /// <inheritdoc/>
    public override string Identity => root;

    /// <inheritdoc/>
    public override async Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var temporary = Path.Combine(root, Incoming, Path.GetRandomFileName());
            try
            {
                return await CreateAsync(name, temporary, write, cancellationToken);
            }
            catch (IOException gone) when (gone is not OutputUnavailableException && attempt < Attempts && !File.Exists(temporary) && Directory.Exists(Path.GetDirectoryName(temporary)))
            {
                // Swept away with what a dead process left: written again.
            }
        }
    }

    private async Task<StoredFile?> CreateAsync(string name, string temporary, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var final = At(name);
        if (File.Exists(final))
            return null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
            StoredFile stored;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 64 * 1024))
            {
                await using (var hashing = new HashingStream(file))
                {
                    await write(hashing, cancellationToken);
                    stored = new StoredFile(name, hashing.Length, hashing.Sha256());
                }

                file.Flush(flushToDisk: true);
            }

            DurableFolder.Create(Path.GetDirectoryName(final)!);
            return DurableFolder.MoveWithoutReplacing(temporary, final) ? stored : null;
        }
        catch (Exception exception) when (OutputUnavailableException.IsCause(exception))
        {
            throw new OutputUnavailableException(root, exception);
        }
        finally
        {
            DeleteIfPossible(temporary);
        }
    }

    /// <inheritdoc/>
    public override Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileStream(At(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 64 * 1024, useAsync: true));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = At(folder);
        if (!Directory.Exists(path))
            yield break;
        foreach (var file in Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Path.GetRelativePath(root, file).Replace('\\', '/');
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            File.Delete(At(name));
        }
        catch (DirectoryNotFoundException)
        {
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task RemoveLeftoversAsync(CancellationToken cancellationToken)
    {
        // One by one, and not the folder: another node may just begin a file in it.
        var incoming = Path.Combine(root, Incoming);
        if (Directory.Exists(incoming))
            foreach (var file in Directory.EnumerateFiles(incoming))
                DeleteIfPossible(file);
        return Task.CompletedTask;
    }

    // What cannot be removed now is a leftover that the next start removes; it must not hide why the file was not made.
    private static void DeleteIfPossible(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private string At(string name) => Path.Combine(root, name.Replace('/', Path.DirectorySeparatorChar));
}
