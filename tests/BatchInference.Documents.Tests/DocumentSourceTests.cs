using BatchInference.Testing;

namespace BatchInference.Documents.Tests;

public sealed class MemorySourceTests : DocumentSourceContract
{
    private readonly Dictionary<string, string> put = new(StringComparer.Ordinal);
    private readonly Dictionary<NameFilter, MemorySource> sources = [];

    protected override DocumentSource Source(NameFilter names)
    {
        if (sources.TryGetValue(names, out var source)) return source;
        sources[names] = source = new MemorySource(names);
        foreach (var (name, text) in put) source.Put(name, text);
        return source;
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
}

public sealed class FolderSourceTests : DocumentSourceContract, IDisposable
{
    private readonly TempFolder folder = new();

    public FolderSourceTests() => Directory.CreateDirectory(folder["archive"]);

    public void Dispose() => folder.Dispose();

    protected override DocumentSource Source(NameFilter names) => new FolderSource(folder["archive"], names);

    protected override Task PutAsync(string name, string text)
    {
        folder.Write("archive/" + name, text);
        return Task.CompletedTask;
    }

    protected override Task RemoveAsync(string name)
    {
        File.Delete(folder["archive/" + name]);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task AFileThatGrowsWhileItIsReadIsLeftForTheNextRun()
    {
        await PutAsync("growing.txt", "The first half");
        var document = (await ListAsync()).ShouldHaveSingleItem();
        await using var content = await document.OpenAsync(default);
        await content.ReadExactlyAsync(new byte[5]);
        File.AppendAllText(folder["archive/growing.txt"], " and the second.");
        var failure = await Should.ThrowAsync<DocumentException>(() => content.CopyToAsync(Stream.Null));
        failure.Permanent.ShouldBeFalse();
        failure.Message.ShouldContain("still being written");
    }

    [Fact]
    public async Task LinksAreFollowedInsideAndNeverOutside()
    {
        await PutAsync("inside/a.txt", "a");
        folder.Write("outside/secret.txt", "secret");
        File.CreateSymbolicLink(folder["archive/good.txt"], folder["archive/inside/a.txt"]);
        File.CreateSymbolicLink(folder["archive/bad.txt"], folder["outside/secret.txt"]);
        File.CreateSymbolicLink(folder["archive/loop.txt"], folder["archive/loop.txt"]);
        Directory.CreateSymbolicLink(folder["archive/up"], folder["archive"]);
        Directory.CreateSymbolicLink(folder["archive/out"], folder["outside"]);
        // Inside by its name, outside by the folder that it goes through.
        File.CreateSymbolicLink(folder["archive/through.txt"], folder["archive/out/secret.txt"]);
        (await ListAsync()).Select(document => document.Id.Path).ShouldBe(["good.txt", "inside/a.txt"]);
    }

    [Fact]
    public async Task APipeAmongTheFilesIsNotListedAndHoldsNobodyUp()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Made by mkfifo.");
        await PutAsync("a.txt", "a");
        await PutAsync("b.txt", "b");
        await MakePipeAsync("pipe.txt");
        File.CreateSymbolicLink(folder["archive/link.txt"], folder["archive/pipe.txt"]);
        var documents = await ListAsync();
        documents.Select(document => document.Id.Path).ShouldBe(["a.txt", "b.txt"]);
        // It took the place of a file.
        File.Delete(folder["archive/b.txt"]);
        await MakePipeAsync("b.txt");
        (await Should.ThrowAsync<DocumentException>(() => Task.Run(() => documents[1].OpenAsync(default).AsTask()).WaitAsync(TimeSpan.FromSeconds(30)))).Permanent.ShouldBeFalse();
    }

    [Fact]
    public async Task WhatHasANameThatIsNoUtf8FailsForGoodAndSaysSo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere names are Unicode.");
        await PutAsync("a.txt", "a");
        await PutAsync("sign\uFFFD.txt", "a sign that is really in the name");
        // Two whose names .NET cannot tell from each other, and a folder.
        using (var made = System.Diagnostics.Process.Start("bash", ["-c", """cd "$1" && mkdir $'caf\xe9' && echo x > $'caf\xe9/x.txt' && echo x > $'latin\xe9.txt' && echo y > $'latin\xe8.txt'""", "bash", folder["archive"]]))
        {
            await made.WaitForExitAsync();
            made.ExitCode.ShouldBe(0);
        }

        var documents = await ListAsync();
        documents.Select(document => document.Id.Path).ShouldBe(["a.txt", "caf\uFFFD", "latin\uFFFD.txt", "sign\uFFFD.txt"]);
        (await ReadAsync(documents[3])).ShouldBe("a sign that is really in the name");
        foreach (var (document, what) in new[] { (documents[1], "folder"), (documents[2], "file") })
            foreach (var listed in new[] { document, Source(NameFilter.All).Listed(document.Id, document.Length) })
            {
                var failure = await Should.ThrowAsync<DocumentException>(() => listed.OpenAsync(default).AsTask());
                failure.Message.ShouldStartWith($"The name of the {what} is not valid UTF-8");
                failure.Message.ShouldContain("convmv");
                failure.Permanent.ShouldBeTrue();
            }
    }

    private async Task MakePipeAsync(string name)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", [folder["archive/" + name]]);
        await made.WaitForExitAsync();
        made.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task PathsLongerThanTheOldLimitOfWindowsAreRead()
    {
        var name = string.Join('/', Enumerable.Repeat("dossier-de-l-administration-départementale", 12)) + "/lettre.txt";
        await PutAsync(name, "longue");
        var document = (await ListAsync()).ShouldHaveSingleItem();
        document.Id.Path.ShouldBe(name);
        (await ReadAsync(document)).ShouldBe("longue");
    }
}
