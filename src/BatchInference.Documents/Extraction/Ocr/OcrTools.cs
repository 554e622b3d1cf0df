using System.Text.RegularExpressions;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>The programs that read scanned pages, as found on this machine.</summary>
/// <remarks>Made by <see cref="FindAsync"/>, or from what another process found.</remarks>
public sealed partial record OcrTools
{
    /// <summary>None: scans are not read.</summary>
    public static OcrTools None { get; } = new() { Options = new OcrOptions { Enabled = false } };

    /// <summary>What is asked of them.</summary>
    public required OcrOptions Options { get; init; }

    /// <summary>The program that reads; null when it is not installed.</summary>
    public string? Tesseract { get; init; }

    /// <summary>Its version, as it tells it.</summary>
    public string? TesseractVersion { get; init; }

    /// <summary>The asked languages whose data are installed.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Whether it can tell how a page is turned.</summary>
    public bool TellsOrientation { get; init; }

    /// <summary>The program that draws PDF pages; null when it is not installed: then only pages that are one picture can be read.</summary>
    public string? Renderer { get; init; }

    /// <summary>Its version, as it tells it.</summary>
    public string? RendererVersion { get; init; }

    /// <summary>True when scanned pages can be read.</summary>
    public bool CanRead => Options.Enabled && Tesseract is not null && Languages.Count > 0;

    /// <summary>All that decides what is read from a scanned page: what failed without it is tried again with it.</summary>
    public string Fingerprint => CanRead ? $"{TesseractVersion} {string.Join('+', Languages)} {TellsOrientation} {RendererVersion} {Options.Dpi}" : "none";

    /// <summary>Why scanned pages are not read, and what to do; null when they are.</summary>
    public string? Missing =>
        !Options.Enabled ? "reading of scans is switched off (Ocr:Enabled)."
        : Tesseract is null ? $"Tesseract, which reads scans, was not found{(Options.Tools is null ? "" : $" in {Options.Tools} (Ocr:Tools)")}. {Remedy}"
        : Languages.Count == 0 ? $"Tesseract has no data for {string.Join(" or ", Options.Languages)} (Ocr:Languages). {Remedy}"
        : null;

    /// <summary>What to install, in words for an admin.</summary>
    public string Remedy => OperatingSystem.IsWindows()
        ? $"Install Tesseract with the data of {string.Join(", ", Options.Languages)}, and Poppler, and write their folder into Ocr:Tools."
        : $"Install it: apt-get install tesseract-ocr {string.Join(' ', Options.Languages.Select(language => "tesseract-ocr-" + language.Replace('_', '-')))} poppler-utils";

    /// <summary>Looks for the programs and asks them for their versions.</summary>
    public static async Task<OcrTools> FindAsync(OcrOptions options, CancellationToken cancellationToken)
    {
        var tools = new OcrTools { Options = options };
        if (!options.Enabled) return tools;
        if (Tool.Find("pdftoppm", options.Tools) is { } renderer && await AskAsync(renderer, ["-v"], cancellationToken) is { } told)
            tools = tools with { Renderer = renderer, RendererVersion = FirstLine(told) };
        if (Tool.Find("tesseract", options.Tools) is not { } tesseract || await AskAsync(tesseract, ["--version"], cancellationToken) is not { } version) return tools;
        var installed = (await AskAsync(tesseract, ["--list-langs"], cancellationToken) ?? "").Split('\n', StringSplitOptions.TrimEntries);
        return tools with
        {
            Tesseract = tesseract,
            TesseractVersion = FirstLine(version),
            Languages = [.. options.Languages.Where(language => LanguageName().IsMatch(language) && installed.Contains(language))],
            TellsOrientation = installed.Contains("osd"),
        };
    }

    private static async Task<string?> AskAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await Tool.RunAsync(program, arguments, input: null, mostOutput: 64 * 1024, cancellationToken);
            return answer.Text + answer.Error;
        }
        catch (IOException)
        {
            // Something of that name that does not run.
            return null;
        }
    }

    private static string FirstLine(string text) => text.TrimStart().Split('\n')[0].Trim();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]*\z")]
    private static partial Regex LanguageName();
}
