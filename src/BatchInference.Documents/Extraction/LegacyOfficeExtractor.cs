using System.ComponentModel;
using System.Diagnostics;

namespace BatchInference.Documents.Extraction;

/// <summary>Word, Excel and PowerPoint files of the old binary formats, turned into those of today by LibreOffice, where it is installed; each call has a profile folder of its own.</summary>
public sealed class LegacyOfficeExtractor : TextExtractor
{
    private static readonly Dictionary<string, (string Ending, string Target, TextExtractor Extractor)> Conversions = new(StringComparer.Ordinal)
    {
        [Extraction.MediaTypes.LegacyWord] = (".doc", "docx", new WordExtractor()),
        [Extraction.MediaTypes.LegacyExcel] = (".xls", "xlsx", new SpreadsheetExtractor()),
        [Extraction.MediaTypes.LegacyPowerPoint] = (".ppt", "pptx", new PresentationExtractor()),
    };

    private static readonly string? Program = Find();

    public override IReadOnlyList<string> MediaTypes => [.. Conversions.Keys];

    // What failed for want of the program is tried again when it is there.
    public override int Revision => Program is null ? 1 : 2;

    /// <summary>Where LibreOffice is; null when it is not installed.</summary>
    public static string? Installed => Program;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        var (ending, target, extractor) = Conversions[mediaType];
        if (Program is null)
            throw new DocumentException($"The file is {Extraction.MediaTypes.Article(mediaType)} of the old binary format, which is read through LibreOffice: install it (apt-get install libreoffice-writer libreoffice-calc libreoffice-impress), then the file is tried again.", permanent: true);
        var folder = TemporaryCopy.Write(() => Directory.CreateTempSubdirectory("batch-inference-office-").FullName);
        try
        {
            var source = Path.Combine(folder, "document" + ending);
            TemporaryCopy.Write(() => Copy(content, source));
            Convert(folder, source, target, cancellationToken);
            var converted = Path.Combine(folder, "out", $"document.{target}");
            if (!File.Exists(converted)) throw new DocumentException($"The {Extraction.MediaTypes.Name(mediaType)} is damaged or encrypted: LibreOffice cannot open it.", permanent: true);
            using var result = File.OpenRead(converted);
            return extractor.Extract(result, extractor.MediaTypes[0], limits, cancellationToken) with { MediaType = mediaType };
        }
        finally
        {
            TemporaryCopy.Delete(folder);
        }
    }

    private static long Copy(Stream content, string path)
    {
        using var file = File.Create(path);
        content.CopyTo(file);
        file.Flush();
        return file.Length;
    }

    private static void Convert(string folder, string source, string target, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Program!) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        string[] arguments =
        [
            $"-env:UserInstallation={new Uri(Path.Combine(folder, "profile"))}", "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard",
            "--convert-to", target, "--outdir", Path.Combine(folder, "out"), source,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Start(start);
        using var killing = cancellationToken.Register(() => Kill(process));
        process.StandardInput.Close();
        // Both are read to their end, or it would wait for ever with a full pipe. What it started may have escaped and hold them: then nobody waits for that.
        Task.WhenAll(process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None), process.WaitForExitAsync(CancellationToken.None))
            .WaitAsync(cancellationToken).GetAwaiter().GetResult();
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new DocumentException($"LibreOffice ({start.FileName}) cannot be started: {FailureReasons.OneLine(error.Message)}", permanent: false, error);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It, or what it started, ended meanwhile.
        }
    }

    private static string? Find()
    {
        var names = OperatingSystem.IsWindows() ? (string[])["soffice.exe"] : ["soffice", "libreoffice"];
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "LibreOffice", "program"));
        return folders.SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
