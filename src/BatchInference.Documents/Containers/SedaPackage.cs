using System.Formats.Tar;
using System.Xml;
using BatchInference.Documents.Extraction;
using SharpCompress.Archives;

namespace BatchInference.Documents.Containers;

/// <summary>
/// What the manifest of a SEDA transfer package (Standard d'échange de données pour l'archivage, <c>fr:gouv:culture:archivesdefrance:seda:v2.x</c>) says of its files:
/// the identifiers of the transfer, of the archive unit and of the data object, and the unit's title.
/// </summary>
internal sealed class SedaPackage
{
    private const string Namespace = "fr:gouv:culture:archivesdefrance:seda:v2";

    // A manifest has some kilobytes for each file.
    private const int LargestManifest = 64 * 1024 * 1024;

    // The root element stands in it, behind a declaration and a comment.
    private const int Head = 16 * 1024;

    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> files = new(StringComparer.Ordinal);

    /// <summary>No package: knows no file.</summary>
    public static SedaPackage None { get; } = new();

    /// <summary>What the manifest says of a file; empty when nothing.</summary>
    public IReadOnlyDictionary<string, string> Of(string name) => files.GetValueOrDefault(Normal(name)) ?? Member.NoIdentifiers;

    /// <summary>True for the name that a manifest may have: an XML file beside the folders.</summary>
    public static bool IsManifestName(string name) => Normal(name) is var file && !file.Contains('/', StringComparison.Ordinal) && file.EndsWith(".xml", StringComparison.OrdinalIgnoreCase);

    /// <summary>The package of a ZIP; <see cref="None"/> when it is not one.</summary>
    public static SedaPackage In(IEnumerable<IArchiveEntry> entries, ContainerSource source, CancellationToken cancellationToken)
    {
        foreach (var entry in entries.Where(entry => !entry.IsDirectory && !entry.IsEncrypted && IsManifestName(entry.Key ?? "")))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                // It is unfolded once more as a member: both count.
                using var stream = new CountedStream(entry.OpenEntryStream(), source.Unfolded);
                if (Read(stream, source.Limits, out _) is { } package) return package;
            }
            catch (Exception error) when (IsOfTheFile(error))
            {
                // It is told when its turn as a member comes.
            }
        }

        return None;
    }

    /// <summary>The package of a bare tar; <see cref="None"/> when it is not one.</summary>
    public static SedaPackage In(Stream tar, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        tar.Position = 0;
        using var reader = new TarReader(tar, leaveOpen: true);
        try
        {
            while (reader.GetNextEntry() is { } entry)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (entry.DataStream is { } content && IsManifestName(entry.Name) && Read(content, limits, out _) is { } package) return package;
            }
        }
        catch (Exception error) when (IsOfTheFile(error))
        {
            // Cut off or damaged: it is told behind the members that stand before that place.
        }

        return None;
    }

    /// <summary>The package whose manifest a file is; null when it is none, or damaged. Of any other file only the beginning is read.</summary>
    /// <param name="file">The file, from its first byte.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="begun">What was read of it, from its beginning.</param>
    public static SedaPackage? Read(Stream file, ExtractionLimits limits, out MemoryStream begun)
    {
        begun = new MemoryStream();
        Fill(begun, file, Head);
        if (!IsManifest(begun)) return null;
        Fill(begun, file, Math.Min(LargestManifest, limits.Bytes));
        try
        {
            var package = new SedaPackage();
            using var reader = Open(begun);
            package.Walk(reader);
            return package;
        }
        catch (XmlException)
        {
            return null;
        }
        finally
        {
            begun.Position = 0;
        }
    }

    private static void Fill(MemoryStream begun, Stream file, long most)
    {
        var buffer = new byte[16 * 1024];
        int read;
        begun.Position = begun.Length;
        while (begun.Length < most && (read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, most - begun.Length))) > 0) begun.Write(buffer, 0, read);
        begun.Position = 0;
    }

    // By its root element.
    private static bool IsManifest(MemoryStream begun)
    {
        try
        {
            using var reader = Open(begun);
            return reader.MoveToContent() == XmlNodeType.Element && reader.NamespaceURI.StartsWith(Namespace, StringComparison.Ordinal);
        }
        catch (XmlException)
        {
            return false;
        }
        finally
        {
            begun.Position = 0;
        }
    }

    private static XmlReader Open(MemoryStream manifest) => XmlReader.Create(manifest, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, CloseInput = false });

    private static bool IsOfTheFile(Exception error) => error is not (UnfoldingException or OperationCanceledException or OutOfMemoryException);

    private void Walk(XmlReader reader)
    {
        var transfer = "";
        var objects = new List<DataObject>();
        var units = new Stack<ArchiveUnit>();
        var unitOf = new Dictionary<string, ArchiveUnit>(StringComparer.Ordinal);
        var group = "";
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "ArchiveUnit" && units.Count > 0) units.Pop();
            if (reader.NodeType != XmlNodeType.Element) continue;
            switch (reader.LocalName)
            {
                case "DataObjectGroup":
                    group = reader.GetAttribute("id") ?? "";
                    break;
                case "BinaryDataObject" or "PhysicalDataObject":
                    objects.Add(new DataObject { Id = reader.GetAttribute("id") ?? "", Group = group });
                    break;
                case "ArchiveUnit" when !reader.IsEmptyElement:
                    units.Push(new ArchiveUnit { Id = reader.GetAttribute("id") ?? "" });
                    break;
                case "MessageIdentifier" when transfer.Length == 0:
                    transfer = Text(reader);
                    break;
                case "DataObjectGroupId" or "DataObjectGroupReferenceId" or "DataObjectReferenceId" when Text(reader) is var id:
                    if (units.TryPeek(out var unit)) unitOf.TryAdd(id, unit);
                    else if (objects.Count > 0) objects[^1].Group = id;
                    break;
                case "Title" when units.TryPeek(out var titled) && titled.Title.Length == 0:
                    titled.Title = Text(reader);
                    break;
                case "Uri" when objects.Count > 0 && units.Count == 0:
                    objects[^1].Uri = Text(reader);
                    break;
                case "Filename" when objects.Count > 0 && units.Count == 0:
                    objects[^1].FileName = Text(reader);
                    break;
            }
        }

        foreach (var one in objects.Where(one => one.Uri.Length > 0))
        {
            var unit = unitOf.GetValueOrDefault(one.Id) ?? unitOf.GetValueOrDefault(one.Group);
            var said = new[] { ("sedaTransfer", transfer), ("sedaArchiveUnit", unit?.Id ?? ""), ("sedaDataObject", one.Id), ("sedaTitle", unit?.Title ?? ""), ("sedaFilename", one.FileName) };
            files.TryAdd(Normal(one.Uri), said.Where(pair => pair.Item2.Length > 0).ToDictionary(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal));
        }
    }

    private static string Text(XmlReader reader)
    {
        if (reader.IsEmptyElement) return "";
        reader.Read();
        return reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA ? reader.Value.Trim() : "";
    }

    private static string Normal(string name) => name.Replace('\\', '/').TrimStart('.', '/');

    private sealed class DataObject
    {
        public required string Id { get; init; }

        public required string Group { get; set; }

        public string Uri { get; set; } = "";

        public string FileName { get; set; } = "";
    }

    private sealed class ArchiveUnit
    {
        public required string Id { get; init; }

        public string Title { get; set; } = "";
    }
}
