using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace BatchInference.EndToEnd;

/// <summary>The published program in a process of its own, as its users run it.</summary>
public sealed class WorkerProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private WorkerProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What <c>tests/run.sh</c> published before the tests.</summary>
    public static string Executable { get; } = FindExecutable();

    public int Id => process.Id;

    public bool HasEnded => process.HasExited;

    public string Output { get { lock (output) return output.ToString(); } }

    public string Errors { get { lock (errors) return errors.ToString(); } }

    public static WorkerProcess Start(string state, params string[] arguments) => Start(state, null, arguments);

    public static WorkerProcess Start(string state, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable) { WorkingDirectory = Testing.Repository.Root };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Start(start, state, environment);
    }

    /// <summary>Starts the program through another one, such as <c>setpriv</c>.</summary>
    public static WorkerProcess StartThrough(string program, string[] before, string state, params string[] arguments) => StartThrough(program, before, state, null, arguments);

    public static WorkerProcess StartThrough(string program, string[] before, string state, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = Testing.Repository.Root };
        foreach (var argument in before.Append(Executable).Concat(arguments)) start.ArgumentList.Add(argument);
        return Start(start, state, environment);
    }

    public static async Task<Ended> RunAsync(string state, params string[] arguments)
    {
        using var worker = Start(state, arguments);
        return await worker.EndAsync();
    }

    /// <summary>Runs a verb that reads its standard input.</summary>
    public static async Task<Ended> AskAsync(string state, string input, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable) { WorkingDirectory = Testing.Repository.Root };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var worker = Start(start, state, null, input);
        return await worker.EndAsync();
    }

    /// <summary>Waits for the end; a program that hangs for 15 minutes is killed and fails the test with what it said.</summary>
    public async Task<Ended> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw new TimeoutException($"The program did not end within 15 minutes.\n{Output}\n{Errors}");
        }

        return new Ended(process.ExitCode, Output, Errors);
    }

    /// <summary>Waits until something is seen; after ten minutes the test fails with what the program said. What comes or goes while it is looked at is not seen yet.</summary>
    public async Task UntilAsync(Func<bool> seen)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            while (!Sees())
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Not seen within ten minutes:\n{Errors}");
        }

        bool Sees()
        {
            try { return seen(); }
            catch (IOException) { return false; }
        }
    }

    /// <summary>Cuts the power: SIGKILL, no goodbye.</summary>
    public void Kill()
    {
        try { process.Kill(entireProcessTree: true); }
        catch (InvalidOperationException) { }
    }

    /// <summary>SIGKILL to the program alone, as the kernel does when memory runs out: what it started is not told.</summary>
    public void KillAlone() => process.Kill();

    public void Signal(PosixSignal signal) => Signal(signal switch { PosixSignal.SIGTERM => "TERM", PosixSignal.SIGINT => "INT", _ => throw new ArgumentOutOfRangeException(nameof(signal)) });

    /// <summary>Holds the process where it is, as a virtual machine that is moved or a disk that hangs does.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>Lets a paused process go on.</summary>
    public void GoOn() => Signal("CONT");

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        // Until it is gone it may still write into the folder of the test.
        try { process.WaitForExit(TimeSpan.FromSeconds(30)); }
        catch (InvalidOperationException) { }
        process.Dispose();
    }

    private static WorkerProcess Start(ProcessStartInfo start, string state, IReadOnlyDictionary<string, string>? environment, string input = "")
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.Environment["BATCHINFERENCE_STATE"] = state;
        start.StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var worker = new WorkerProcess(start);
        worker.process.StandardInput.Write(input);
        worker.process.StandardInput.Close();
        return worker;
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.AppendLine(line);
    }

    private static string FindExecutable()
    {
        var path = Testing.Repository.At(".artifacts/publish/BatchInference.Worker/release/batch-inference" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        return File.Exists(path) ? path : throw new FileNotFoundException("The program is not published; tests/run.sh does it (dotnet publish src/BatchInference.Worker -c Release).", path);
    }
}

/// <summary>How a program ended.</summary>
public sealed record Ended(int ExitCode, string Output, string Errors)
{
    public Ended ShouldExit(int code)
    {
        ExitCode.ShouldBe(code, $"standard output:\n{Output}\nstandard error:\n{Errors}");
        return this;
    }
}
