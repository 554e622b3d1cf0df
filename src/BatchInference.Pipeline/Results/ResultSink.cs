namespace BatchInference.Pipeline.Results;

/// <summary>The place of one job's results: a folder, a container, a bucket. Files in it are created whole and never change.</summary>
public abstract class ResultSink
{
    /// <summary>What the ledger and an admin know the place by, without secrets: a full path or an address, the job's name included.</summary>
    public abstract string Identity { get; }

    /// <summary>Creates a file whole: nobody sees it before all of it is on the disk, and a file of that name that exists already stays as it is.</summary>
    /// <param name="name">Path in the place, with <c>/</c>.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>What was created; null when a file of that name was there first.</returns>
    /// <exception cref="IOException">The place cannot take it.</exception>
    public abstract Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>Opens a file to be read from its first byte; null when there is none of that name.</summary>
    /// <exception cref="IOException">The place cannot be read.</exception>
    public abstract Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken);

    /// <summary>Names of all whole files under a folder, at any depth, in no order; none when there is no such folder.</summary>
    /// <param name="folder">Path in the place, with <c>/</c>, none at its end.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public abstract IAsyncEnumerable<string> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Removes a file; none of that name is no error.</summary>
    public abstract Task DeleteAsync(string name, CancellationToken cancellationToken);

    /// <summary>Removes what creations left that were interrupted. Called by the one run of a job, before it creates anything.</summary>
    public abstract Task RemoveLeftoversAsync(CancellationToken cancellationToken);
}

/// <summary>A file as it was created.</summary>
/// <param name="Name">Path in the place, with <c>/</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its content, in lower-case hexadecimal.</param>
public sealed record StoredFile(string Name, long Bytes, string Sha256);
