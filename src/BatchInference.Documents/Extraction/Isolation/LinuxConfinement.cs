using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>Takes from this process, and all it starts, what reading a document does not need: network, other processes' memory and limits, signals to the one that started it, more memory and larger files than the limits.</summary>
/// <remarks>
/// A seccomp filter rather than namespaces: a hardened unit forbids those. No limit of the address space: .NET reserves far more than it uses. See seccomp(2), setrlimit(2), prctl(2).
/// What it does not take: reading and writing what the account may (the unit narrows that; a filter of calls sees no paths); signals to other processes of the account, which it may send by number,
/// the threads of its parent among them, since what it starts must be ended by number too; starting programs, whose number only the unit's <c>TasksMax</c> bounds (<c>RLIMIT_NPROC</c> would count the whole account).
/// Landlock could take the first two on a new kernel, but binds one thread: it would have to be asked for before the runtime has several, and the program be started anew.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static partial class LinuxConfinement
{
    // The runtime's own: stacks, code, tables of the garbage collector.
    private const long BesidesTheHeap = 768L * 1024 * 1024;
    private const long FileSlack = 64L * 1024 * 1024;
    private const ulong MostOpenFiles = 512;

    private const int SetParentDeathSignal = 1;
    private const int SetNoNewPrivileges = 38;
    private const int Kill = 9;
    private const int SetFilter = 1;
    private const uint OnAllThreads = 1;

    // A socket that programs of this machine listen on (LibreOffice must) may be had, but nobody connects: neither to the network nor to another process.
    private const long SocketX64 = 41, SocketArm64 = 198;
    private const uint UnixFamily = 1, StreamType = 1, TypeBits = 0xF;

    // Connecting, and the ways around the filter or into other processes.
    private static readonly long[] RefusedX64 = [42, 101, 246, 250, 248, 249, 272, 298, 304, 308, 310, 311, 321, 323, 424, 425, 426, 427, 434, 438];
    private static readonly long[] RefusedArm64 = [203, 117, 104, 219, 217, 218, 97, 241, 265, 268, 270, 271, 280, 282, 424, 425, 426, 427, 434, 438];

    // kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo: to the process that started this one, to groups and to all they are refused. What this one starts it must be able to end, and a runtime signals its own threads.
    private static readonly long[] SignalsX64 = [62, 200, 234, 129, 297];
    private static readonly long[] SignalsArm64 = [129, 130, 131, 138, 240];

    // Limits of another process: one of these kills it.
    private const long LimitsX64 = 302, LimitsArm64 = 261;

    private enum Resource
    {
        FileSize = 1,
        Data = 2,
        Core = 4,
        OpenFiles = 7,
    }

    /// <summary>Has the kernel end this process when the thread that started it ends.</summary>
    public static void DieWithParent() => Check(prctl(SetParentDeathSignal, Kill, 0, 0, 0), "prctl");

    /// <summary>Leaves the terminal: its Ctrl+C is for the program that runs the job, which stops in good order and needs its reading processes for it.</summary>
    public static void LeaveTerminal() => _ = setsid();

    /// <summary>Applies it to all threads; it cannot be undone.</summary>
    /// <exception cref="Win32Exception">The kernel refuses; the process must not read anything.</exception>
    public static void Apply(HostSettings settings)
    {
        Limit(Resource.Core, 0);
        Limit(Resource.OpenFiles, MostOpenFiles);
        Limit(Resource.FileSize, (ulong)(Math.Max(settings.Limits.Bytes, settings.Limits.ContainerBytes) + FileSlack));
        Limit(Resource.Data, (ulong)(settings.Memory + BesidesTheHeap));
        Check(prctl(SetNoNewPrivileges, 1, 0, 0, 0), "prctl");
        RefuseCalls();
    }

    private static void Limit(Resource resource, ulong most)
    {
        var limit = new ResourceLimit { Soft = most, Hard = most };
        Check(setrlimit(resource, limit), $"setrlimit {resource}");
    }

    private static unsafe void RefuseCalls()
    {
        var (machine, filterCall, socket, limits, signals, refused) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (0xC000003Eu, 317L, SocketX64, LimitsX64, SignalsX64, RefusedX64),
            Architecture.Arm64 => (0xC00000B7u, 277L, SocketArm64, LimitsArm64, SignalsArm64, RefusedArm64),
            var other => throw new PlatformNotSupportedException($"Reading processes cannot be confined on {other}."),
        };
        var filter = Filter(machine, socket, limits, signals, (uint)getppid(), refused);
        fixed (Instruction* first = filter)
        {
            var program = new FilterProgram { Length = (ushort)filter.Length, Instructions = first };
            Check((int)syscall(filterCall, SetFilter, OnAllThreads, (nint)(&program)), "seccomp");
        }
    }

    // Classic BPF over struct seccomp_data: number of the call at 0, machine at 4, arguments from 16, eight bytes each. Another machine's calls, and x32's on x86-64, are refused whole.
    private static Instruction[] Filter(uint machine, long socket, long limits, long[] signals, uint parent, long[] refused)
    {
        const ushort load = 0x20, and = 0x54, jumpEqual = 0x15, jumpAtLeast = 0x35, answer = 0x06;
        const uint allow = 0x7FFF0000, permissionDenied = 0x00050000 | 13, otherNumbers = 0x40000000, negative = 0x80000000;
        var (toAllow, toRefuse) = ((byte)refused.Length, (byte)(refused.Length + 1));
        return
        [
            new(load, 0, 0, 4),
            new(jumpEqual, 1, 0, machine),
            new(answer, 0, 0, permissionDenied),
            new(load, 0, 0, 0),
            new(jumpAtLeast, 0, 1, otherNumbers),
            new(answer, 0, 0, permissionDenied),
            .. signals.SelectMany(call => new Instruction[]
            {
                new(jumpEqual, 0, 5, (uint)call),
                new(load, 0, 0, 16),
                new(jumpAtLeast, 1, 0, negative),
                new(jumpEqual, 0, 1, parent),
                new(answer, 0, 0, permissionDenied),
                new(answer, 0, 0, allow),
            }),
            // The process's own are number 0.
            new(jumpEqual, 0, 4, (uint)limits),
            new(load, 0, 0, 16),
            new(jumpEqual, 1, 0, 0),
            new(answer, 0, 0, permissionDenied),
            new(answer, 0, 0, allow),
            new(jumpEqual, 0, 5, (uint)socket),
            new(load, 0, 0, 16),
            new(jumpEqual, 0, (byte)(toRefuse + 3), UnixFamily),
            new(load, 0, 0, 24),
            new(and, 0, 0, TypeBits),
            new(jumpEqual, toAllow, toRefuse, StreamType),
            .. refused.Select((call, index) => new Instruction(jumpEqual, (byte)(refused.Length - index), 0, (uint)call)),
            new(answer, 0, 0, allow),
            new(answer, 0, 0, permissionDenied),
        ];
    }

    private static void Check(int answer, string call)
    {
        if (answer != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call} was refused: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    // Refused to one that leads a group: that has a terminal to itself, or none.
    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(Resource resource, in ResourceLimit limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, nint first, nuint second, nint third);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct FilterProgram
    {
        public ushort Length;
        public Instruction* Instructions;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte whenTrue, byte whenFalse, uint value)
    {
        public readonly ushort Code = code;
        public readonly byte WhenTrue = whenTrue;
        public readonly byte WhenFalse = whenFalse;
        public readonly uint Value = value;
    }
}
