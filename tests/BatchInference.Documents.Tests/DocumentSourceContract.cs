using System.Text;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Tests;

/// <summary>What every place of documents does.</summary>
public abstract class DocumentSourceContract
{
    // As people and programs make them.
    private static readonly string[] Names = new[]
    {
        "2026/..hidden/a.txt", "2026/...txt", "A.txt", "a b/c  d.txt", "a%20b.txt", "a+b&c=d.txt", "a.txt", "a/z.txt", "a~.txt", "b'c\".txt", "b(1)[2]{3}.txt", "c#d?e.txt", "e\u0301.txt", "é.txt", "日本語.txt", "🗂.txt",
    }.Order(StringComparer.Ordinal).ToArray();

    /// <summary>The place; its documents are those that were put.</summary>
    protected abstract DocumentSource Source(NameFilter names);

    /// <summary>False for a test server that has an order of its own.</summary>
    protected virtual bool ListsInOrdinalOrder => true;

    protected abstract Task PutAsync(string name, string text);

    protected abstract Task RemoveAsync(string name);

    [Fact]
    public async Task EveryDocumentIsListedOnceUnderItsExactNameInOrdinalOrder()
    {
        foreach (var name in Names.Reverse()) await PutAsync(name, name);
        (await ListAsync()).Select(document => document.Id.Path).ShouldBe(Names, ignoreOrder: !ListsInOrdinalOrder);
    }

    [Fact]
    public async Task ADocumentIsReadUnderTheNameItIsListedBy()
    {
        foreach (var name in Names) await PutAsync(name, $"content of {name}");
        foreach (var document in await ListAsync())
        {
            (await ReadAsync(document)).ShouldBe($"content of {document.Id.Path}");
            document.Length.ShouldBe(Encoding.UTF8.GetByteCount($"content of {document.Id.Path}"));
        }
    }

    [Fact]
    public async Task ADocumentIsReadFromItsFirstByteEachTimeAndByTwoAtOnce()
    {
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(number => $"{number} "));
        await PutAsync("long.txt", text);
        var document = (await ListAsync()).ShouldHaveSingleItem();
        await using var half = await document.OpenAsync(default);
        await half.ReadExactlyAsync(new byte[1000]);
        (await Task.WhenAll(ReadAsync(document), ReadAsync(document))).ShouldBe([text, text]);
    }

    [Fact]
    public async Task ADocumentThatAnotherProcessListedIsReadAsItsOwn()
    {
        foreach (var name in Names.Append("changed.txt")) await PutAsync(name, $"content of {name}");
        var ids = (await ListAsync()).Select(document => (document.Id, document.Length)).ToArray();
        await PutAsync("changed.txt", "another content");
        var other = Source(NameFilter.All);
        foreach (var (id, length) in ids)
        {
            var document = other.Listed(id, length);
            (document.Id, document.Length).ShouldBe((id, length));
            if (id.Path == "changed.txt")
                (await FailureAsync(document)).Permanent.ShouldBeFalse();
            else
                (await ReadAsync(document)).ShouldBe($"content of {id.Path}");
        }
    }

    [Fact]
    public async Task OnlyAChangedDocumentHasAnotherVersion()
    {
        await PutAsync("changed.txt", "before");
        await PutAsync("same.txt", "the same");
        var before = await ListAsync();
        await PutAsync("changed.txt", "after it");
        var after = await ListAsync();
        after[0].Id.Version.ShouldNotBe(before[0].Id.Version);
        after[1].Id.ShouldBe(before[1].Id);
    }

    [Fact]
    public async Task AnEmptyPlaceListsNothing() => (await ListAsync()).ShouldBeEmpty();

    [Fact]
    public async Task OnlyWantedNamesAreListed()
    {
        foreach (var name in new[] { "a.pdf", "b/c.pdf", "b/d.txt", "old/e.pdf" }) await PutAsync(name, name);
        var source = Source(new NameFilter(["**/*.pdf"], ["old/**"]));
        (await source.ListAsync(default).Select(document => document.Id.Path).ToListAsync()).ShouldBe(["a.pdf", "b/c.pdf"]);
    }

    [Fact]
    public async Task AnEmptyDocumentIsListedAndRefusedAsSuch()
    {
        await PutAsync("empty.txt", "");
        var failure = await FailureAsync((await ListAsync()).ShouldHaveSingleItem());
        failure.Permanent.ShouldBeTrue();
        failure.Reason.ShouldContain("empty");
    }

    [Fact]
    public async Task WhatChangedOrWentSinceItWasListedIsLeftForTheNextRun()
    {
        await PutAsync("changed.txt", "before");
        await PutAsync("gone.txt", "before");
        var listed = await ListAsync();
        await PutAsync("changed.txt", "after it");
        await RemoveAsync("gone.txt");
        foreach (var document in listed)
            (await FailureAsync(document)).Permanent.ShouldBeFalse(document.Id.Path);
    }

    protected async Task<IReadOnlyList<Document>> ListAsync() => await Source(NameFilter.All).ListAsync(default).ToListAsync();

    protected static async Task<string> ReadAsync(Document document)
    {
        using var reader = new StreamReader(await document.OpenAsync(default));
        return await reader.ReadToEndAsync();
    }

    protected static async Task<DocumentFailure> FailureAsync(Document document) =>
        (await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System).ReadAsync(document, _ => false, default).FirstAsync()).Failure.ShouldNotBeNull();
}
