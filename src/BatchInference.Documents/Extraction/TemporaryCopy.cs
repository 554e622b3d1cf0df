namespace BatchInference.Documents.Extraction;

/// <summary>Copies of documents in the folder of temporary files. What goes wrong with one is the machine's failure, not the document's.</summary>
internal static class TemporaryCopy
{
    /// <summary>Makes or writes one.</summary>
    /// <exception cref="DocumentException">It cannot be written, for now, and why.</exception>
    public static T Write<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw Failed(error);
        }
    }

    /// <summary>Deletes a folder of them, also what a document's program made read-only in it. What cannot be deleted stays: <c>doctor --fix</c> takes it away.</summary>
    public static void Delete(string folder)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (UnauthorizedAccessException) when (isFirst)
            {
                Unlock(folder);
            }
            catch (Exception error) when (IsFailure(error))
            {
                // A program that was ended may hold a file for a moment longer.
                return;
            }
        }
    }

    /// <summary>True for what the file system says.</summary>
    public static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>What to throw in its place.</summary>
    public static DocumentException Failed(Exception error) =>
        new($"A temporary copy of the document cannot be written to {Path.GetTempPath()}: {FailureReasons.OneLine(error.Message).TrimEnd('.')}. Make room there, or let the account of the service write there; then the document is tried again.", permanent: false, error);

    private static void Unlock(string folder)
    {
        try
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (entry.LinkTarget is not null) continue;
                if (entry is DirectoryInfo) Unlock(entry.FullName);
                else if (OperatingSystem.IsWindows()) entry.Attributes = FileAttributes.Normal;
            }
        }
        catch (Exception error) when (IsFailure(error))
        {
            // It stays, then.
        }
    }
}
