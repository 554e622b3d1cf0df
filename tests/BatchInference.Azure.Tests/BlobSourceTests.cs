using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchInference.Documents;
using BatchInference.Documents.Tests;
using BatchInference.Testing;

namespace BatchInference.Azure.Tests;

public sealed class BlobSourceTests(AzuriteServer server) : DocumentSourceContract
{
    private readonly BlobContainerClient container = server.NewContainer();

    protected override DocumentSource Source(NameFilter names) => new BlobSource(container, "", names);

    protected override Task PutAsync(string name, string text) => container.GetBlobClient(name).UploadAsync(new BinaryData(Encoding.UTF8.GetBytes(text)), overwrite: true);

    protected override Task RemoveAsync(string name) => container.DeleteBlobAsync(name);

    [Fact]
    public async Task NamesWithEmptyPartsAreKeptExact()
    {
        foreach (var name in new[] { "a//b.txt", "a/b.txt", "a///b.txt" }) await PutAsync(name, $"content of {name}");
        foreach (var document in await ListAsync())
            (await ReadAsync(document)).ShouldBe($"content of {document.Id.Path}");
        (await ListAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task OnlyWhatBeginsWithThePrefixIsListedUnderItsWholeName()
    {
        await PutAsync("2025/a.txt", "a");
        await PutAsync("2026/b.txt", "b");
        (await new BlobSource(container, "2026/", NameFilter.All).ListAsync(default).Select(document => document.Id.Path).ToListAsync()).ShouldBe(["2026/b.txt"]);
    }

    // Of a proxy between: the client itself fails on it.
    [Fact]
    public async Task AnAnswerThatCallsItselfXmlAndIsNoneIsNoAnswerOfTheStorage()
    {
        using var between = new HttpReceiver { Answer = _ => 403, Body = " " };
        var asked = new BlobContainerClient(new Uri(between.Address, "account/deposits"));
        (await Should.ThrowAsync<StorageUnavailableException>(async () => await new BlobSource(asked, "", NameFilter.All).ListAsync(default).ToListAsync()))
            .Message.ShouldEndWith("The storage did not answer; check the address, the name resolution and the firewall.");
    }

    [Fact]
    public async Task SnapshotsAndFoldersOfAHierarchicalNamespaceAreNotListed()
    {
        await PutAsync("a.txt", "a");
        await container.GetBlobClient("a.txt").CreateSnapshotAsync();
        await container.GetBlobClient("folder").UploadAsync(new BinaryData([]), new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } });
        (await ListAsync()).ShouldHaveSingleItem().Id.Path.ShouldBe("a.txt");
    }

    [Fact]
    public async Task ABlobOfTheArchiveTierIsReportedWithWhatToDo()
    {
        await PutAsync("old.txt", "old");
        await container.GetBlobClient("old.txt").SetAccessTierAsync(AccessTier.Archive);
        var failure = await FailureAsync((await ListAsync()).ShouldHaveSingleItem());
        failure.Permanent.ShouldBeFalse();
        failure.Reason.ShouldBe("The blob lies in the archive tier and cannot be read; move it to the Hot, Cool or Cold tier (it takes some hours), a later run reads it then.");
    }

    [Fact]
    public async Task ABlobThatIsNotWhatItsChecksumSaysIsNotRead()
    {
        await PutAsync("damaged.txt", "text");
        await container.GetBlobClient("damaged.txt").SetHttpHeadersAsync(new BlobHttpHeaders { ContentHash = new byte[16] });
        (await FailureAsync((await ListAsync()).ShouldHaveSingleItem())).Reason.ShouldContain("MD5");
    }

    [Fact]
    public async Task AContainerThatThereIsNotIsToldWithTheRemedy() =>
        (await Should.ThrowAsync<IOException>(async () => await new BlobSource(AzuriteServer.Container(server.Address, "nothing"), "", NameFilter.All).ListAsync(default).ToListAsync()))
            .Message.ShouldEndWith("/nothing/ cannot be listed. There is no such container; create it, or write another name. Nothing is created but blobs.");

    [Fact]
    public async Task AllIsReadExactlyThroughAStorageInTrouble()
    {
        var random = new Random(11);
        var texts = Enumerable.Range(0, 60).ToDictionary(number => $"{number:D3}.txt", number => new string('x', random.Next(1, 200_000)) + number);
        foreach (var (name, text) in texts) await PutAsync(name, text);
        using var proxy = new StorageProxy(server.Address, seed: 5) { Share = 0.2 };
        var source = new BlobSource(AzuriteServer.Container(proxy.Address, container.Name), "", NameFilter.All);
        var read = new Dictionary<string, string>();
        await foreach (var document in source.ListAsync(default))
            read[document.Id.Path] = await ReadAsync(document);
        read.ShouldBe(texts);
        proxy.Done.Keys.ShouldBe([Fault.None, Fault.Busy, Fault.TooMany, Fault.CutBefore, Fault.CutAfter, Fault.Half, Fault.Slow], ignoreOrder: true);
    }
}
