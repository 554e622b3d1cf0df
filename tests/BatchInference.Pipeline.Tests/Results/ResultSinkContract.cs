using System.Security.Cryptography;
using System.Text;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline.Tests.Results;

/// <summary>What every place of results does.</summary>
public abstract class ResultSinkContract
{
    protected abstract ResultSink Sink { get; }

    [Fact]
    public async Task AFileIsCreatedWithItsLengthAndHash()
    {
        var stored = await CreateAsync("jsonl/run_date=2026-11-23/a.jsonl", "été\n");
        stored.ShouldBe(new StoredFile("jsonl/run_date=2026-11-23/a.jsonl", 6, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("été\n")))));
        (await ReadAsync("jsonl/run_date=2026-11-23/a.jsonl")).ShouldBe("été\n");
    }

    [Fact]
    public async Task AFileThatIsThereStaysAsItIs()
    {
        await CreateAsync("a", "first");
        (await CreateAsync("a", "second")).ShouldBeNull();
        (await ReadAsync("a")).ShouldBe("first");
    }

    [Fact]
    public async Task OfManyThatCreateOneNameOneWins()
    {
        var created = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(() => CreateAsync("a", $"{number}"))));
        created.Count(file => file is not null).ShouldBe(1);
        (await ReadAsync("a")).ShouldBe($"{Array.FindIndex(created, file => file is not null)}");
        (await Sink.ListAsync("", default).CountAsync(name => name.Contains("tmp", StringComparison.Ordinal))).ShouldBe(0);
    }

    [Fact]
    public async Task WhatFailsWhileItIsWrittenIsNotThere()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => Sink.CreateAsync("folder/a", async (stream, token) =>
        {
            await stream.WriteAsync("half"u8.ToArray(), token);
            throw new InvalidOperationException();
        }, default));
        (await Sink.OpenAsync("folder/a", default)).ShouldBeNull();
        (await NamesAsync("folder")).ShouldBeEmpty();
    }

    [Fact]
    public async Task AListingNamesWhatIsUnderAFolderAndNothingElse()
    {
        await CreateAsync("jsonl/run_date=2026-11-23/a", "");
        await CreateAsync("jsonl/run_date=2026-11-24/b", "");
        await CreateAsync("jsonl2/c", "");
        (await NamesAsync("jsonl")).ShouldBe(["jsonl/run_date=2026-11-23/a", "jsonl/run_date=2026-11-24/b"]);
        (await NamesAsync("nothing")).ShouldBeEmpty();
    }

    [Fact]
    public async Task RemovingWhatIsNotThereIsNoError()
    {
        await CreateAsync("folder/a", "x");
        await Sink.DeleteAsync("folder/a", default);
        await Sink.DeleteAsync("folder/a", default);
        await Sink.DeleteAsync("elsewhere/a", default);
        (await Sink.OpenAsync("folder/a", default)).ShouldBeNull();
    }

    protected Task<StoredFile?> CreateAsync(string name, string text) => Sink.CreateAsync(name, (stream, token) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), token).AsTask(), default);

    private protected async Task<string> ReadAsync(string name)
    {
        using var reader = new StreamReader((await Sink.OpenAsync(name, default))!);
        return await reader.ReadToEndAsync();
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string folder) => [.. (await Sink.ListAsync(folder, default).ToListAsync()).Order(StringComparer.Ordinal)];
}
