using System.IO.Compression;
using System.Xml;
using BatchInference.Documents.Containers;

namespace BatchInference.Documents.Extraction;

/// <summary>The parts of a document that is a ZIP of XML files, opened one after the other and bounded: neither bombs nor entities unfold.</summary>
internal sealed class OfficePackage : IDisposable
{
    private readonly ZipArchive zip;
    private readonly string what;
    private readonly long mostBytes;

    private OfficePackage(ZipArchive zip, string what, long mostBytes)
    {
        this.zip = zip;
        this.what = what;
        this.mostBytes = mostBytes;
    }

    /// <exception cref="DocumentException">It is no whole ZIP.</exception>
    public static OfficePackage Open(Stream content, string what, ExtractionLimits limits)
    {
        try
        {
            // Mark-up around each character of text: sixteen bytes are more than real documents need.
            return new OfficePackage(new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: true), what, Math.Max(64L * 1024 * 1024, 16L * limits.Characters));
        }
        catch (InvalidDataException error)
        {
            throw new DocumentException($"The {what} is damaged: its end is missing or unreadable.", permanent: true, error);
        }
    }

    /// <summary>Reads a part, if there is one of that name.</summary>
    /// <exception cref="DocumentException">The part is damaged, or larger than any real one.</exception>
    public bool Read(string name, Action<XmlReader> read)
    {
        if (zip.GetEntry(name) is not { } entry) return false;
        try
        {
            var unfolded = 0L;
            using var stream = new CountedStream(entry.Open(), read =>
            {
                if ((unfolded += read) > mostBytes) throw new DocumentException($"The {what} unfolds to more than {mostBytes / (1024 * 1024)} MB; it is refused as a decompression bomb.", permanent: true);
            });
            using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, MaxCharactersInDocument = mostBytes });
            read(reader);
            return true;
        }
        catch (Exception error) when (error is XmlException or InvalidDataException or EndOfStreamException)
        {
            throw new DocumentException(error.Message.Contains("DTD", StringComparison.Ordinal)
                ? $"The {what} is refused: its part {name} declares entities, as no office program does."
                : $"The {what} is damaged: its part {name} cannot be read.", permanent: true, error);
        }
    }

    public void Dispose() => zip.Dispose();
}
