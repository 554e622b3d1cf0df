using System.Runtime.InteropServices;

namespace BatchInference.Documents;

/// <summary>Tells files from pipes, sockets and devices, whose opening may wait for ever: on Unix, .NET calls them all files.</summary>
internal static unsafe partial class FileKind
{
    private const long CurrentFolder = -100, DoNotSync = 0x4000, Type = 1;
    private const int TypeBits = 0xF000, Regular = 0x8000;

    // struct statx is the same on all machines and with all C libraries, unlike struct stat: statx(2).
    private const int Length = 256, Mode = 28;

    /// <summary>True for a file, and for a link to one. What cannot be told counts as a file: its opening tells what is wrong with it.</summary>
    public static bool IsRegular(string path)
    {
        if (OperatingSystem.IsWindows()) return (File.GetAttributes(path) & FileAttributes.Device) == 0;
        if (!OperatingSystem.IsLinux()) return true;
        var call = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 332L,
            Architecture.Arm64 => 291L,
            _ => 0L,
        };
        if (call == 0) return true;
        var answer = stackalloc byte[Length];
        return syscall(call, CurrentFolder, path, DoNotSync, Type, answer) != 0 || (*(ushort*)(answer + Mode) & TypeBits) == Regular;
    }

    // By number: the function of that name is missing in older C libraries.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial long syscall(long number, long folder, string path, long flags, long mask, byte* answer);
}
