using System.Text.Json;

namespace BatchInference.Pipeline;

/// <summary>A job held by one process of this machine: a file that the kernel keeps locked until the process gives it back or dies, and one beside it that says who.</summary>
internal sealed class JobLock : JobHold
{
    private const int WouldBlockOnLinux = 11, WouldBlockOnMac = 35, SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream file;
    private readonly string holderPath;

    private JobLock(FileStream file, string holderPath)
    {
        this.file = file;
        this.holderPath = holderPath;
    }

    /// <summary>Takes the job.</summary>
    /// <exception cref="JobIsRunningException">Another process has it.</exception>
    public static JobLock Take(string folder, string job, JobHolder holder)
    {
        Directory.CreateDirectory(folder);
        var (lockPath, holderPath) = Paths(folder, job);
        if (TryOpen(lockPath) is not { } file)
            throw new JobIsRunningException(job, ReadHolder(holderPath));

        try
        {
            // The name is written under the lock, into a new file that is then moved: whoever reads it while we write sees the old one or the new one.
            var incoming = holderPath + ".new";
            File.WriteAllText(incoming, JsonSerializer.Serialize(new Written(holder.Run.ToString(), holder.Host, holder.ProcessId, holder.Since)));
            File.Move(incoming, holderPath, overwrite: true);
            return new JobLock(file, holderPath);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Who has the job; null for nobody.</summary>
    public static JobHolder? Holder(string folder, string job)
    {
        // The name is looked at first: a job that nobody holds is not even touched, so that asking keeps nobody from taking it.
        var (lockPath, holderPath) = Paths(folder, job);
        if (!File.Exists(holderPath))
            return null;
        using var file = TryOpen(lockPath);
        return file is null ? ReadHolder(holderPath) : null;
    }

    protected override ValueTask GiveBackAsync()
    {
        File.Delete(holderPath);
        return file.DisposeAsync();
    }

    private static (string Lock, string Holder) Paths(string folder, string job) => (Path.Combine(folder, job + ".lock"), Path.Combine(folder, job + ".holder"));

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult is WouldBlockOnLinux or WouldBlockOnMac or SharingViolation)
        {
            return null;
        }
    }

    private static JobHolder? ReadHolder(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Written>(File.ReadAllText(path)) is { } it ? new JobHolder(RunId.Parse(it.Run), it.Host, it.ProcessId, it.Since) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return null;
        }
    }

    private sealed record Written(string Run, string Host, int ProcessId, DateTimeOffset Since);
}
