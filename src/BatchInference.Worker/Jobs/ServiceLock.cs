using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>One service for each ledger of one machine: a second would only be refused each job that the first one runs, night after night.</summary>
internal sealed class ServiceLock : IDisposable
{
    private readonly FileStream file;

    private ServiceLock(FileStream file) => this.file = file;

    /// <summary>Takes the state folder; the kernel gives it back when the process dies.</summary>
    /// <exception cref="ConfigurationException">Another service has it.</exception>
    public static ServiceLock Take(string stateFolder)
    {
        try
        {
            return new ServiceLock(new FileStream(Path.Combine(stateFolder, "service.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            throw new ConfigurationException([$"{stateFolder}: another service works with this state folder. Stop it (Linux: systemctl stop batch-inference; Windows: sc.exe stop BatchInference), or name another folder with --state; to share the work between machines set Ledger:PostgreSql."]);
        }
    }

    public void Dispose() => file.Dispose();
}
