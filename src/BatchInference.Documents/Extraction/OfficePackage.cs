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
            using var stream = Unfold(entry);
            using var reader = XmlReader.Create(stream, XmlText.Settings(mostBytes));
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

    /// <summary>True when there is a part of that name.</summary>
    public bool Holds(string name) => zip.GetEntry(name) is not null;

    /// <summary>A whole part; null when there is none of that name.</summary>
    /// <exception cref="DocumentException">The part is damaged, or larger than any real one.</exception>
    public byte[]? Bytes(string name)
    {
        if (zip.GetEntry(name) is not { } entry) return null;
        try
        {
            using var stream = Unfold(entry);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (InvalidDataException error)
        {
            throw new DocumentException($"The {what} is damaged: its part {name} cannot be read.", permanent: true, error);
        }
    }

    /// <summary>The parts that a part of an Office Open XML document refers to, by their identifiers (ECMA-376 part 2).</summary>
    public Dictionary<string, string> Relations(string part)
    {
        var folder = part[..(part.LastIndexOf('/') + 1)];
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        Read($"{folder}_rels/{part[folder.Length..]}.rels", reader =>
        {
            while (reader.Read())
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "Relationship" } && reader.GetAttribute("TargetMode") != "External" && reader.GetAttribute("Id") is { } id && reader.GetAttribute("Target") is { } target)
                    parts[id] = Resolve(folder, target);
        });
        return parts;
    }

    /// <summary>A name relative to a folder of the package; <c>..</c> never leaves it, since names are only looked up in it.</summary>
    public static string Resolve(string folder, string target)
    {
        if (target.StartsWith('/')) return target[1..];
        var steps = new List<string>();
        foreach (var step in (folder + target.Split('#')[0]).Split('/'))
            if (step == ".." && steps.Count > 0) steps.RemoveAt(steps.Count - 1);
            else if (step is not ("" or "." or "..")) steps.Add(step);
        return string.Join('/', steps);
    }

    /// <summary>What the document says of itself: <c>title</c>, <c>author</c>, <c>created</c>, <c>modified</c> (Office Open XML core properties; OpenDocument <c>meta.xml</c>).</summary>
    public Dictionary<string, string> Metadata()
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in (string[])["docProps/core.xml", "meta.xml"])
            Read(part, reader =>
            {
                var name = "";
                while (reader.Read())
                {
                    if (reader.NodeType == XmlNodeType.EndElement) name = "";
                    else if (reader.NodeType == XmlNodeType.Element) name = Known(reader.LocalName);
                    else if (name.Length > 0 && reader.IsText() && !string.IsNullOrWhiteSpace(reader.Value)) metadata.TryAdd(name, reader.Value.Trim());
                }
            });
        return metadata;

        static string Known(string name) => name switch
        {
            "title" => "title",
            "creator" or "initial-creator" => "author",
            "created" or "creation-date" => "created",
            "modified" or "date" => "modified",
            "subject" => "subject",
            _ => "",
        };
    }

    public void Dispose() => zip.Dispose();

    private CountedStream Unfold(ZipArchiveEntry entry)
    {
        var unfolded = 0L;
        return new CountedStream(entry.Open(), read =>
        {
            if ((unfolded += read) > mostBytes) throw new DocumentException($"The {what} unfolds to more than {mostBytes / (1024 * 1024)} MB; it is refused as a decompression bomb.", permanent: true);
        });
    }
}
