using System.ComponentModel;
using System.Runtime.InteropServices;

namespace BatchInference.Pipeline.Results;

/// <summary>Names that outlive a power cut: what the file API of .NET does not offer on Unix, a move that never replaces and a folder flushed to the disk.</summary>
internal static partial class DurableFolder
{
    // Values of errno on Linux; macOS has the same for those below 35.
    private const int NotPermitted = 1, NoAccess = 13, Exists = 17, Invalid = 22, TooManyLinks = 31, NoSystemCall = 38, NotSupported = 95, NotSupportedOnMac = 45;

    // Closed in a process that is started in that moment, as .NET's own files are.
    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Makes a folder and those above it, and flushes each new name.</summary>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder))
            return;
        var parent = Path.GetDirectoryName(folder);
        if (parent is not null)
            Create(parent);
        Directory.CreateDirectory(folder);
        if (parent is not null)
            Flush(parent);
    }

    /// <summary>Gives a whole file its final name in one step and flushes the name; false when the name is taken.</summary>
    /// <exception cref="IOException">The file system refuses; its number is the exception's HResult, as with the file API of .NET.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not.</exception>
    public static bool MoveWithoutReplacing(string temporary, string final)
    {
        if (OperatingSystem.IsWindows())
            return MoveOnWindows(temporary, final);

        // File.Move would copy where links are not allowed, and a reader could see half a file.
        if (Link(temporary, final) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Exists)
                return false;
            if (error is not (NotPermitted or TooManyLinks or NoSystemCall or NotSupported))
                throw Failure(final, error);
            // File systems without hard links (some shares, FAT).
            if (Rename(CurrentFolder, temporary, CurrentFolder, final, NoReplace) != 0)
                return Marshal.GetLastPInvokeError() is var second && second == Exists ? false : throw Failure(final, second);
        }

        Flush(Path.GetDirectoryName(final)!);
        return true;
    }

    private static bool MoveOnWindows(string temporary, string final)
    {
        try
        {
            File.Move(temporary, final, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(final))
        {
            return false;
        }
    }

    private static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(folder, CloseOnExec);
        if (descriptor < 0)
            throw Failure(folder, Marshal.GetLastPInvokeError());
        try
        {
            // Some network file systems cannot flush a folder and say so; they keep names on the server. Any other error means that the name may not outlive a power cut.
            if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() is var error && error is not (Invalid or NotSupported or NotSupportedOnMac))
                throw Failure(folder, error);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static Exception Failure(string path, int error)
    {
        var reason = $"{path}: {new Win32Exception(error).Message}.";
        return error == NoAccess ? new UnauthorizedAccessException(reason) : new IOException(reason, error);
    }

    private const int CurrentFolder = -100;
    private const uint NoReplace = 1;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int oldFolder, string oldName, int newFolder, string newName, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
