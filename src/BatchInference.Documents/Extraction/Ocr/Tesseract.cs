using System.Globalization;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Image of a page → its text, by one run of Tesseract.</summary>
internal sealed class Tesseract(OcrTools tools)
{
    private const int MostOutput = 32 * 1024 * 1024;

    /// <summary>Reads one page.</summary>
    /// <param name="image">Writes the image file.</param>
    /// <param name="frame">Which image of a file with several, from 0.</param>
    /// <param name="dpi">Its dots per inch; null where the file tells, or Tesseract is to guess.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IOException">It cannot be read, and why.</exception>
    public async Task<OcrPage> ReadAsync(Func<Stream, CancellationToken, Task> image, int frame, int? dpi, CancellationToken cancellationToken)
    {
        // With orientation (1) a page that lies on its side or its head is turned first; 3 is the same without it.
        List<string> arguments = ["-", "-", "-l", string.Join('+', tools.Languages), "--psm", tools.TellsOrientation ? "1" : "3"];
        if (dpi is { } known) arguments.AddRange(["--dpi", known.ToString(CultureInfo.InvariantCulture)]);
        arguments.AddRange(["-c", $"tessedit_page_number={frame.ToString(CultureInfo.InvariantCulture)}", "tsv"]);
        var answer = await Tool.RunAsync(tools.Tesseract!, arguments, image, MostOutput, cancellationToken);
        return answer.ExitCode == 0 ? TesseractTable.Read(answer.Text) : throw new IOException($"Tesseract could not read the image: {LastLine(answer)}");
    }

    private static string LastLine(ToolAnswer answer) =>
        answer.Error.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? string.Create(CultureInfo.InvariantCulture, $"exit code {answer.ExitCode}");
}
