using BatchInference.Testing;

namespace BatchInference.Documents.Tests;

/// <summary>A place whose names never say what a name inside a document says.</summary>
public sealed class DistinctNamesTests : DocumentSourceContract
{
    private readonly Dictionary<NameFilter, MemorySource> sources = [];
    private readonly Dictionary<string, string> put = new(StringComparer.Ordinal);

    protected override DocumentSource Source(NameFilter names)
    {
        if (!sources.TryGetValue(names, out var source))
        {
            sources[names] = source = new MemorySource(names);
            foreach (var (name, text) in put) source.Put(name, text);
        }

        return new DistinctNames(source);
    }

    protected override Task PutAsync(string name, string text)
    {
        put[name] = text;
        foreach (var source in sources.Values) source.Put(name, text);
        return Task.CompletedTask;
    }

    protected override Task RemoveAsync(string name)
    {
        foreach (var source in sources.Values) source.Remove(name);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task AFileThatIsCalledAsOneInsideAnotherIsListedUnderAnotherName()
    {
        foreach (var name in (string[])["a.zip", "a.zip x", "a.zip!/b.eml", "a.zip!/b.eml!/c", "a.zip!x", "l.jsonl", "l.jsonl#", "l.jsonl#1", "l.jsonl#1x", "l.jsonl#2!/y", "n.zip!/1", "./l.jsonl#1", "./plain"])
            await PutAsync(name, $"content of {name}");
        var documents = await ListAsync();
        var names = documents.Select(document => document.Id.Path).ToArray();
        names.ShouldBeUnique();
        names.Order(StringComparer.Ordinal).ShouldBe(new[]
        {
            "././l.jsonl#1", "./a.zip!/b.eml", "./a.zip!/b.eml!/c", "./l.jsonl#1", "./l.jsonl#2!/y", "./plain", "a.zip", "a.zip x", "a.zip!x", "l.jsonl", "l.jsonl#", "l.jsonl#1x", "n.zip!/1",
        }.Order(StringComparer.Ordinal));
        foreach (var document in documents)
        {
            var own = document.Id.Path is "././l.jsonl#1" ? "./l.jsonl#1" : document.Id.Path is "./plain" ? "./plain" : document.Id.Path.StartsWith("./", StringComparison.Ordinal) ? document.Id.Path[2..] : document.Id.Path;
            (await ReadAsync(document)).ShouldBe($"content of {own}");
            (await ReadAsync(Source(NameFilter.All).Listed(document.Id, document.Length))).ShouldBe($"content of {own}");
        }
    }
}
