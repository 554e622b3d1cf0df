using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using BatchInference.Pipeline.Results;

namespace BatchInference.Testing;

/// <summary>Results in memory. <see cref="Before"/> may throw, to play a storage that fails or a power cut.</summary>
public sealed class MemorySink(string identity = "memory:/results/letters") : ResultSink
{
    private readonly ConcurrentDictionary<string, byte[]> files = new(StringComparer.Ordinal);

    /// <summary>Called before a file gets its name.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>Called before a file is opened.</summary>
    public Action<string> Opening { get; set; } = _ => { };

    public override string Identity => identity;

    public IReadOnlyList<string> Names => [.. files.Keys.Order(StringComparer.Ordinal)];

    public string Text(string name) => Encoding.UTF8.GetString(files[name]);

    public byte[] Bytes(string name) => files[name];

    public void Put(string name, string text) => files[name] = Encoding.UTF8.GetBytes(text);

    public void Put(string name, byte[] bytes) => files[name] = bytes;

    public bool Remove(string name) => files.TryRemove(name, out _);

    public override async Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (files.ContainsKey(name))
            return null;
        using var content = new MemoryStream();
        await write(content, cancellationToken);
        Before(name);
        var bytes = content.ToArray();
        return files.TryAdd(name, bytes) ? new StoredFile(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))) : null;
    }

    public override Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        Opening(name);
        return Task.FromResult<Stream?>(files.TryGetValue(name, out var bytes) ? new MemoryStream(bytes, writable: false) : null);
    }

    public override async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in files.Keys.Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal)))
            yield return name;
        await Task.CompletedTask;
    }

    public override Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        files.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    public override Task RemoveLeftoversAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
