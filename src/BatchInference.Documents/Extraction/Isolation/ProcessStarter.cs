using System.Collections.Concurrent;
using System.Diagnostics;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>Starts processes on a thread of its own that lives until this is disposed: Linux ends a process that asked for it with the thread that started it, and threads of the pool come and go.</summary>
internal sealed class ProcessStarter : IDisposable
{
    private readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> waiting = [];
    private readonly Lazy<Thread> thread;

    public ProcessStarter() => thread = new Lazy<Thread>(() =>
    {
        var starting = new Thread(Run) { IsBackground = true, Name = "reading processes" };
        starting.Start();
        return starting;
    });

    public Task<Process> StartAsync(ProcessStartInfo start)
    {
        _ = thread.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Add((start, started));
        return started.Task;
    }

    public void Dispose() => waiting.CompleteAdding();

    private void Run()
    {
        foreach (var (start, started) in waiting.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception error)
            {
                started.SetException(error);
            }
        }
    }
}
