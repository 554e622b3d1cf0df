using System.Globalization;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>What becomes of the processes that read documents when the program is gone. Linux only: it looks through <c>/proc</c>.</summary>
public sealed class ReadingProcessesTests
{
    [Fact]
    public async Task WhenTheProgramIsKilledItsReadingProcessesAndWhatTheyStartedEnd()
    {
        using var archive = new TinyArchive(1);
        for (var copy = 0; copy < 6; copy++)
            File.Copy(Repository.At("tests/fixtures/documents/scans/rapport-gris.pdf"), Path.Combine(archive.Folder["archive"], $"scan-{copy}.pdf"));
        using var worker = archive.Start("one");
        List<int> below = [];
        // A reading process, and under it Tesseract or Poppler, which is among those that are watched.
        await worker.UntilAsync(() => (below = Below(worker.Id)).Any(process => Children(process).Any(below.Contains)));
        below.Count.ShouldBeGreaterThan(1);
        worker.KillAlone();
        await worker.UntilAsync(() => below.All(IsGone));
    }

    private static List<int> Below(int process) => [.. Children(process).SelectMany(child => Below(child).Prepend(child))];

    private static List<int> Children(int process)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{process}/task").SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            // It has just ended.
            return [];
        }
    }

    // One that ended and that nobody waits for is a line of the table only.
    private static bool IsGone(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1][0] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }
}
