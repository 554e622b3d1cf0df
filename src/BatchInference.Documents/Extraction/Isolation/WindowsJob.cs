using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>A job object around one reading process and all it starts: a memory limit, a few processes, and an end with the handle, even when this process is killed.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsJob : IDisposable
{
    private const int ExtendedLimits = 9;
    private const uint ActiveProcesses = 0x8;
    private const uint ProcessMemory = 0x100;
    private const uint DieOnUnhandledException = 0x400;
    private const uint KillOnClose = 0x2000;
    private const uint MostProcesses = 16;

    private readonly SafeFileHandle handle;

    /// <param name="memory">Most committed memory of each process, in bytes.</param>
    public WindowsJob(long memory)
    {
        handle = CreateJobObjectW(0, null);
        if (handle.IsInvalid) throw new Win32Exception();
        var limits = new Limits { Flags = ActiveProcesses | ProcessMemory | DieOnUnhandledException | KillOnClose, ActiveProcesses = MostProcesses, ProcessMemory = (nuint)memory };
        if (!SetInformationJobObject(handle, ExtendedLimits, in limits, Marshal.SizeOf<Limits>())) throw new Win32Exception();
    }

    public void Add(Process process)
    {
        if (!AssignProcessToJobObject(handle, process.SafeHandle)) throw new Win32Exception();
    }

    public void Dispose() => handle.Dispose();

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateJobObjectW(nint attributes, string? name);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(SafeFileHandle job, int kind, in Limits limits, int length);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(SafeFileHandle job, SafeProcessHandle process);

    // JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public long ProcessTime;
        public long JobTime;
        public uint Flags;
        public nuint LeastWorkingSet;
        public nuint MostWorkingSet;
        public uint ActiveProcesses;
        public nuint Affinity;
        public uint Priority;
        public uint Scheduling;
        public ulong ReadOperations;
        public ulong WriteOperations;
        public ulong OtherOperations;
        public ulong ReadBytes;
        public ulong WrittenBytes;
        public ulong OtherBytes;
        public nuint ProcessMemory;
        public nuint JobMemory;
        public nuint PeakProcessMemory;
        public nuint PeakJobMemory;
    }
}
