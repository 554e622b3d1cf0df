namespace BatchInference.Worker.Configuration;

/// <summary>The configuration that the service goes by now: the last one that was sound.</summary>
internal sealed class CurrentConfiguration(WorkerConfiguration first)
{
    private volatile WorkerConfiguration value = first;

    public WorkerConfiguration Value
    {
        get => value;
        set => this.value = value;
    }

    /// <summary>The jobs that the service runs.</summary>
    public IEnumerable<JobSettings> Scheduled => Value.JobsOfThisNode.Where(job => job.Schedule.Count > 0);
}
