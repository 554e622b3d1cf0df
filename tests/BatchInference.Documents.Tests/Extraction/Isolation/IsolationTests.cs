using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>What becomes of documents whose parser misbehaves, and of the process that runs it.</summary>
public sealed class IsolationTests : IDisposable
{
    private static readonly ExtractionLimits Limits = new() { Bytes = 64 << 20, ContainerBytes = 64 << 20, Time = TimeSpan.FromSeconds(60) };

    private readonly IsolatedDocumentReader reader = Open(HostVerbs.Hostile, Limits);

    public void Dispose() => reader.Dispose();

    [Fact]
    public async Task ATextComesBackWithItsHashAndOneProcessServesManyDocuments()
    {
        var first = await ReadAsync("process");
        first.Text!.Text.ShouldBe((await ReadAsync("process")).Text!.Text);
        first.Sha256.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("process"u8)));
        first.ListedSha256.ShouldBe(first.Sha256);
        reader.Processes.Count.ShouldBe(1);
    }

    [Fact]
    public async Task ALargeDocumentComesThroughWhole()
    {
        var text = string.Join('\n', Enumerable.Range(0, 50_000).Select(number => $"Ligne \u00AB{number}\u00BB \"é\" \\ fin."));
        (await ReadAsync(text)).Text!.Text.ShouldBe(text);
    }

    [Theory]
    [InlineData("overflow", "The document is nested so deeply that the process that read it ran out of stack, twice.")]
    [InlineData("exit", "The document brought down the process that read it, twice: it is damaged, or made to do so.")]
    public async Task ADocumentThatEndsItsProcessTwiceFailsForGoodAndTheNextIsRead(string order, string reason)
    {
        (await ReadAsync(order)).Failure.ShouldBe(new DocumentFailure("extract", reason, true));
        (await ReadAsync("after")).Text!.Text.ShouldBe("after");
    }

    [Fact]
    public async Task ADocumentThatTakesAllMemoryIsTriedAgainLaterAndTheNextIsRead()
    {
        var failure = (await ReadAsync("devour")).Failure!;
        failure.Permanent.ShouldBeFalse(failure.Reason);
        failure.Reason.ShouldContain("memory");
        (await ReadAsync("after")).Text!.Text.ShouldBe("after");
    }

    [Fact]
    public async Task ADocumentThatHangsIsEndedAndTheNextIsReadByAnotherProcess()
    {
        using var impatient = Open(HostVerbs.Hostile, Limits with { Time = TimeSpan.FromSeconds(5) });
        (await ReadAsync("process", impatient)).Text.ShouldNotBeNull();
        var hung = impatient.Processes.Single();
        (await ReadAsync("hang", impatient)).Failure.ShouldBe(new DocumentFailure("extract", "The text could not be got within 5 seconds, the limit of the configuration (Limits:Seconds).", false));
        IsAlive(hung).ShouldBeFalse();
        (await ReadAsync("after", impatient)).Text!.Text.ShouldBe("after");
    }

    [Fact]
    public async Task AMemberThatBringsProcessesDownCostsNoOther()
    {
        var readings = await ReadAllAsync(reader, Zip(("a.txt", "first"), ("b.txt", "exit"), ("c.txt", "third"), ("d.txt", "overflow"), ("e.txt", "devour"), ("f.txt", "last")));
        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("!/a.txt", "first"), ("!/b.txt", null), ("!/c.txt", "third"), ("!/d.txt", null), ("!/e.txt", null), ("!/f.txt", "last")]);
        readings[1].Failure.ShouldBe(new DocumentFailure("extract", "The document brought down the process that read it, twice: it is damaged, or made to do so.", true));
        readings[3].Failure.ShouldBe(new DocumentFailure("extract", "The document is nested so deeply that the process that read it ran out of stack, twice.", true));
        readings[4].Failure!.Permanent.ShouldBeFalse();
        readings[4].Failure!.Reason.ShouldContain("memory");
    }

    [Fact]
    public async Task AMemberThatHangsCostsNoOther()
    {
        using var impatient = Open(HostVerbs.Hostile, Limits with { Time = TimeSpan.FromSeconds(5) });
        var readings = await ReadAllAsync(impatient, Zip(("a.txt", "first"), ("b.txt", "hang"), ("c.txt", "last")));
        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("!/a.txt", "first"), ("!/b.txt", null), ("!/c.txt", "last")]);
        readings[1].Failure.ShouldBe(new DocumentFailure("extract", "The text could not be got within 5 seconds, the limit of the configuration (Limits:Seconds).", false));
    }

    [Fact]
    public async Task AContainerThatCannotEvenBePassedThroughEndsThereAndCostsNothingBehindIt()
    {
        var readings = await ReadAllAsync(reader, Zip(("a.txt", "first"), ("b.jsonl", "{}\nfall\n{}"), ("c.txt", "last")));
        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("!/a.txt", "first"), ("!/b.jsonl!/1", "{}"), ("!/b.jsonl", null), ("!/c.txt", "last")]);
        readings[2].Failure!.Permanent.ShouldBeTrue();
    }

    [Fact]
    public async Task ADocumentWithSoManySuchMembersIsReadNoFurther()
    {
        var readings = await ReadAllAsync(reader, Zip([("a.txt", "first"), .. Enumerable.Range(0, 40).Select(number => ($"b{number:00}.txt", "exit")), ("c.txt", "last")]));
        readings[0].Text!.Text.ShouldBe("first");
        readings[^1].ShouldSatisfyAllConditions(last => last.Member.ShouldBeNull(), last => last.Failure!.Permanent.ShouldBeTrue());
        readings.Count.ShouldBe(18);
    }

    [Fact]
    public async Task ADocumentThatIsAnotherWhenItIsReadAgainIsReadAnotherTime()
    {
        var contents = new Queue<byte[]>([ZipOf(("a.txt", "first"), ("b.txt", "exit")), ZipOf(("b.txt", "first"), ("a.txt", "exit"))]);
        var changing = new Document(new DocumentId("order.zip", "1"), null, _ => ValueTask.FromResult<Stream>(new MemoryStream(contents.Dequeue())));
        var readings = await ReadAllAsync(reader, changing);
        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("!/a.txt", "first"), (null, null)]);
        readings[1].Failure.ShouldBe(new DocumentFailure("open", "The document was changed while it was read.", false));
    }

    [Fact]
    public async Task ACancellationEndsTheProcessAndIsNoFailure()
    {
        using var stop = new CancellationTokenSource();
        (await ReadAsync("process")).Text.ShouldNotBeNull();
        var hung = reader.Processes.Single();
        var reading = ReadAsync("hang", reader, stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => reading);
        IsAlive(hung).ShouldBeFalse();
    }

    [Fact]
    public async Task AProcessIsReplacedAfterItsDocuments()
    {
        using var frugal = Open(HostVerbs.Hostile, Limits, new IsolationLimits { DocumentsPerProcess = 2 });
        List<string> told = [];
        for (var count = 0; count < 4; count++) told.Add((await ReadAsync("process", frugal)).Text!.Text);
        told[0].ShouldBe(told[1]);
        told[2].ShouldBe(told[3]);
        told[2].ShouldNotBe(told[0]);
    }

    [Fact]
    public async Task ADocumentKnownByItsHashIsNotReadAndItsProcessServesOn()
    {
        (await ReadAsync("process")).Text.ShouldNotBeNull();
        var process = reader.Processes.Single();
        var known = new List<DocumentReading>();
        await foreach (var reading in reader.ReadAsync(Of("known"), _ => true, default)) known.Add(reading);
        known.ShouldHaveSingleItem().Known.ShouldBeTrue();
        (await ReadAsync("after")).Text!.Text.ShouldBe("after");
        reader.Processes.Single().ShouldBe(process);
    }

    [Fact]
    public async Task WhatTheStorageRefusesIsToldAsInTheSameProcess()
    {
        var locked = new Document(new DocumentId("a.txt", "1"), 3, _ => throw new UnauthorizedAccessException());
        (await FirstAsync(reader, locked)).Failure.ShouldBe(new DocumentFailure("open", "Permission denied: the account of the service may not read the document.", false));
        var large = new Document(new DocumentId("a.txt", "1"), 1L << 40, _ => throw new InvalidOperationException());
        (await FirstAsync(reader, large)).Failure!.Reason.ShouldBe("The document is larger than 64 MB, the limit of the configuration (Limits:Megabytes).");
        var torn = new Document(new DocumentId("a.txt", "1"), 3, _ => ValueTask.FromResult<Stream>(new TornStream()));
        (await FirstAsync(reader, torn)).Failure.ShouldBe(new DocumentFailure("open", "The document cannot be read: The connection was lost.", false));
        (await ReadAsync("after")).Text!.Text.ShouldBe("after");
    }

    [Fact]
    public async Task WhatALibraryPrintsDoesNotDisturb() => (await ReadAsync("print")).Text!.Text.ShouldBe("printed");

    [Theory]
    [InlineData("socket")]
    [InlineData("unix datagrams")]
    [InlineData("unix socket")]
    public async Task AProcessReachesNobody(string order) => (await ReadAsync(order)).Text!.Text.ShouldBe("not reached: AccessDenied");

    [Fact]
    public async Task WhatAProcessStartsHasNoNetworkEither() => (await ReadAsync("socket of a child")).Text!.Text.ShouldContain("Permission denied");

    [Theory]
    [InlineData("signal to the worker")]
    [InlineData("signal to all")]
    [InlineData("signal to the worker's group")]
    [InlineData("limits of the worker")]
    public async Task WhatStartedTheProcessIsOutOfItsReach(string order) => (await ReadAsync(order)).Text!.Text.ShouldContain("Permission denied");

    [Fact]
    public async Task WhatAProcessStartsItEnds() => (await ReadAsync("signal to a child")).Text!.Text.ShouldContain("ended");

    [Fact]
    public async Task AProcessSeesNoSecretAndWorksInAnEmptyFolder()
    {
        Environment.SetEnvironmentVariable("BATCHINFERENCE_SECRET_OF_A_TEST", "secret");
        var names = (await ReadAsync("environment")).Text!.Text.Split('\n');
        names.ShouldNotContain("BATCHINFERENCE_SECRET_OF_A_TEST");
        names.ShouldContain("DOTNET_GCHeapHardLimit");
        (await ReadAsync("folder")).Text!.Text.ShouldStartWith("0 entries in ");
    }

    [Fact]
    public async Task AProcessMayGainNoRightsAndIsFiltered()
    {
        var status = (await ReadAsync("status")).Text!.Text.Split('\n');
        status.ShouldContain("NoNewPrivs:\t1");
        status.ShouldContain("Seccomp:\t2");
    }

    [Fact]
    public async Task AProcessHearsNothingOfTheTerminal() => (await ReadAsync("session")).Text!.Text.ShouldBe("of its own");

    [Fact]
    public async Task ProcessesThatEndedWhileTheyWaitedAreNoDocumentsFault()
    {
        await using (var one = reader.ReadAsync(Of("process"), _ => false, default).GetAsyncEnumerator())
        await using (var two = reader.ReadAsync(Of("process"), _ => false, default).GetAsyncEnumerator())
        {
            (await one.MoveNextAsync() && await two.MoveNextAsync()).ShouldBeTrue();
            (await one.MoveNextAsync() || await two.MoveNextAsync()).ShouldBeFalse();
        }

        var waiting = reader.Processes;
        waiting.Count.ShouldBe(2);
        foreach (var number in waiting)
        {
            using var process = Process.GetProcessById(number);
            process.Kill();
            await process.WaitForExitAsync();
        }

        (await ReadAsync("after")).Text!.Text.ShouldBe("after");
    }

    [Theory]
    [InlineData("sha256 of a path")]
    [InlineData("sha256 in capitals")]
    [InlineData("member of another document")]
    [InlineData("member without end")]
    [InlineData("member of two lines")]
    [InlineData("stage of its own")]
    [InlineData("neither text nor failure")]
    [InlineData("text and failure")]
    [InlineData("known")]
    [InlineData("null text")]
    [InlineData("null identifier")]
    [InlineData("null scan")]
    [InlineData("only what must be")]
    [InlineData("half a surrogate")]
    [InlineData("no JSON")]
    [InlineData("nested")]
    [InlineData("null")]
    [InlineData("long frame")]
    [InlineData("short step")]
    [InlineData("far step")]
    [InlineData("endless time")]
    [InlineData("nothing")]
    [InlineData("unknown frame")]
    public async Task WhatAProcessSaysIsNotBelieved(string lie)
    {
        using var lied = Open(HostVerbs.Lying, Limits);
        (await ReadAsync(lie, lied)).Failure.ShouldBe(new DocumentFailure("extract", "What the process that read the document told is not what a reading is, twice: the document is made to take it over.", true));
        lied.Processes.ShouldBeEmpty();
        (await ReadAsync("the truth", lied)).Text!.Text.ShouldBe("the truth");
    }

    [Fact]
    public async Task AProcessThatClosesItsOutputAndStaysIsEnded()
    {
        var settings = new HostSettings(Limits, OcrTools.None, new ContentFields(), 1 << 28);
        using var closed = new IsolatedDocumentReader(new HostCommand("/bin/sh", ["-c", "exec sleep 1000 >&-"]), DocumentReader.Standard(Limits, TimeProvider.System), settings, new IsolationLimits(), TimeProvider.System);
        (await ReadAsync("closed", closed).WaitAsync(TimeSpan.FromMinutes(1))).Failure!.Permanent.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1 << 20, false)]
    [InlineData(10, true)]
    public async Task AFrozenProcessHoldsUpNothing(int length, bool known)
    {
        var time = new FakeTimeProvider();
        using var timed = Open(HostVerbs.Hostile, Limits, time: time);
        (await ReadAsync("process", timed)).Text.ShouldNotBeNull();
        var frozen = timed.Processes.Single();
        Signal(frozen, "STOP");
        var reading = timed.ReadAsync(Of(new string('a', length)), _ => known, default).ToListAsync().AsTask();
        for (var second = 0; !reading.IsCompleted && second < 600; second++)
        {
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var only = (await reading.WaitAsync(TimeSpan.FromMinutes(1))).ShouldHaveSingleItem();
        only.Known.ShouldBe(known);
        if (!known) only.Failure.ShouldBe(new DocumentFailure("extract", "The text could not be got within 60 seconds, the limit of the configuration (Limits:Seconds).", false));
        IsAlive(frozen).ShouldBeFalse();
        (await ReadAsync("after", timed)).Text!.Text.ShouldBe("after");
    }

    [Fact]
    public async Task AFolderThatADocumentMadeReadOnlyIsDeletedAllTheSame()
    {
        var folder = (await ReadAsync("lock the folder")).Text!.Text;
        Directory.Exists(folder).ShouldBeTrue();
        reader.Dispose();
        Directory.Exists(folder).ShouldBeFalse();
    }

    [Fact]
    public async Task AStartThatIsCutShortLeavesNoProcessAndNoFolder()
    {
        using var folder = new TempFolder();
        using var starter = new ProcessStarter();
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        // The process tells its number in its folder.
        var command = new HostCommand("/bin/sh", ["-c", $"echo $$ $PWD > '{Path.Combine(folder, "told.new")}'; mv '{Path.Combine(folder, "told.new")}' '{Path.Combine(folder, "told")}'; exec sleep 1000"]);
        var settings = new HostSettings(Limits, OcrTools.None, new ContentFields(), 1 << 28);
        await Should.ThrowAsync<OperationCanceledException>(() => ReadingProcess.StartAsync(starter, command, settings, stopped.Token));
        // It may have been ended before it told anything.
        if (!File.Exists(Path.Combine(folder, "told"))) return;
        var told = (await File.ReadAllTextAsync(Path.Combine(folder, "told"))).Split(' ');
        // It was killed, and dies when the system comes to it.
        SpinWait.SpinUntil(() => !IsAlive(int.Parse(told[0], System.Globalization.CultureInfo.InvariantCulture)), TimeSpan.FromMinutes(1)).ShouldBeTrue();
        Directory.Exists(told[1].Trim()).ShouldBeFalse();
    }

    [Fact]
    public async Task TheProcessesEndWithTheReader()
    {
        (await ReadAsync("process")).Text.ShouldNotBeNull();
        var process = reader.Processes.Single();
        reader.Dispose();
        IsAlive(process).ShouldBeFalse();
    }

    internal static IsolatedDocumentReader Open(string verb, ExtractionLimits limits, IsolationLimits? isolation = null, OcrTools? tools = null, TimeProvider? time = null)
    {
        isolation ??= new IsolationLimits { Memory = 256L << 20 };
        var settings = new HostSettings(limits, tools ?? OcrTools.None, new ContentFields(), isolation.Memory);
        return new IsolatedDocumentReader(HostCommand.OfThisProgram(verb), DocumentReader.Standard(limits, TimeProvider.System, settings.Fields, settings.Tools), settings, isolation, time ?? TimeProvider.System);
    }

    private static void Signal(int process, string signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Document Of(string text) => new(new DocumentId("order.txt", "1"), null, _ => ValueTask.FromResult<Stream>(new MemoryStream(Encoding.UTF8.GetBytes(text))));

    private Task<DocumentReading> ReadAsync(string order) => ReadAsync(order, reader);

    private static Task<DocumentReading> ReadAsync(string order, IsolatedDocumentReader reader, CancellationToken cancellationToken = default) => FirstAsync(reader, Of(order), cancellationToken);

    private static async Task<DocumentReading> FirstAsync(IsolatedDocumentReader reader, Document document, CancellationToken cancellationToken = default) =>
        (await ReadAllAsync(reader, document, cancellationToken)).ShouldHaveSingleItem();

    private static async Task<List<DocumentReading>> ReadAllAsync(IsolatedDocumentReader reader, Document document, CancellationToken cancellationToken = default) =>
        await reader.ReadAsync(document, _ => false, cancellationToken).ToListAsync(cancellationToken);

    private static Document Zip(params (string Name, string Text)[] entries)
    {
        var bytes = ZipOf(entries);
        return new(new DocumentId("order.zip", "1"), bytes.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(bytes)));
    }

    private static byte[] ZipOf(params (string Name, string Text)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, text) in entries)
                using (var stream = archive.CreateEntry(name).Open())
                    stream.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    private sealed class TornStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The connection was lost.");
    }
}
