using System.Text;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Writes compound files ([MS-CFB], version 3) that no program would save. Small streams are padded to the size from which they stand in sectors of their own.</summary>
internal sealed class CompoundFileWriter
{
    private const int Sector = 512, Cutoff = 4096;
    private const uint None = 0xFFFFFFFF, EndOfChain = 0xFFFFFFFE, TableSector = 0xFFFFFFFD;

    private readonly List<byte[]> entries = [];
    private readonly List<(int Entry, byte[] Content)> streams = [];
    private readonly Dictionary<string, int> storages = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> lastChild = [];

    private CompoundFileWriter() => storages[""] = Entry("Root Entry", type: 5);

    /// <summary>A file of streams.</summary>
    /// <param name="streams">Their names, with the storages before them: <c>folder/stream</c>.</param>
    public static byte[] Write(IEnumerable<(string Path, byte[] Content)> streams)
    {
        var writer = new CompoundFileWriter();
        foreach (var (path, content) in streams) writer.Add(path, content);
        return writer.Write();
    }

    private void Add(string path, byte[] content)
    {
        var entry = Entry(path[(path.LastIndexOf('/') + 1)..], type: 2);
        Hang(Storage(path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : ""), entry);
        var padded = new byte[Math.Max(content.Length, Cutoff)];
        content.CopyTo(padded, 0);
        streams.Add((entry, padded));
    }

    private int Storage(string path)
    {
        if (storages.TryGetValue(path, out var found)) return found;
        var entry = Entry(path[(path.LastIndexOf('/') + 1)..], type: 1);
        Hang(Storage(path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : ""), entry);
        return storages[path] = entry;
    }

    // A tree may be a list: nobody has to balance it.
    private void Hang(int parent, int child)
    {
        if (lastChild.TryGetValue(parent, out var last)) BitConverter.TryWriteBytes(entries[last].AsSpan(72), child);
        else BitConverter.TryWriteBytes(entries[parent].AsSpan(76), child);
        lastChild[parent] = child;
    }

    private int Entry(string name, byte type)
    {
        var entry = new byte[128];
        Encoding.Unicode.GetBytes(name).CopyTo(entry, 0);
        BitConverter.TryWriteBytes(entry.AsSpan(64), (ushort)((name.Length + 1) * 2));
        entry[66] = type;
        for (var link = 68; link < 80; link += 4) BitConverter.TryWriteBytes(entry.AsSpan(link), None);
        entries.Add(entry);
        return entries.Count - 1;
    }

    private byte[] Write()
    {
        var directory = ((entries.Count * 128) + Sector - 1) / Sector;
        var content = streams.Sum(stream => (stream.Content.Length + Sector - 1) / Sector);
        // What does not fit into the header's list of tables stands in one list behind it.
        var (tables, lists) = (1, 0);
        while (tables * (Sector / 4) < tables + lists + directory + content) (tables, lists) = (tables + 1, Math.Max(0, tables + 1 - 109 + 126) / 127);
        var file = new byte[(1 + tables + lists + directory + content) * Sector];
        var table = Enumerable.Repeat(None, tables * (Sector / 4)).ToArray();
        new byte[] { 0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1 }.CopyTo(file, 0);
        foreach (var (at, value) in new (int, uint)[] { (24, 0x0003003E), (28, 0x0009FFFE), (32, 6), (44, (uint)tables), (48, (uint)(tables + lists)), (56, Cutoff), (60, EndOfChain), (68, lists > 0 ? (uint)tables : EndOfChain), (72, (uint)lists) })
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        for (var index = 0; index < 109; index++) BitConverter.TryWriteBytes(file.AsSpan(76 + (4 * index)), index < tables ? (uint)index : None);
        for (var list = 0; list < lists; list++)
        {
            var at = (tables + list + 1) * Sector;
            for (var index = 0; index < 127; index++) BitConverter.TryWriteBytes(file.AsSpan(at + (4 * index)), 109 + (list * 127) + index is var number && number < tables ? (uint)number : None);
            BitConverter.TryWriteBytes(file.AsSpan(at + 508), list + 1 < lists ? (uint)(tables + list + 1) : EndOfChain);
        }

        for (var index = 0; index < tables + lists; index++) table[index] = TableSector;
        var next = tables + lists;
        Place(next, directory);
        next += directory;
        foreach (var (entry, bytes) in streams)
        {
            var length = (bytes.Length + Sector - 1) / Sector;
            Place(next, length);
            bytes.CopyTo(file, (next + 1) * Sector);
            BitConverter.TryWriteBytes(entries[entry].AsSpan(116), next);
            BitConverter.TryWriteBytes(entries[entry].AsSpan(120), bytes.Length);
            next += length;
        }

        for (var entry = 0; entry < entries.Count; entry++) entries[entry].CopyTo(file, ((tables + lists + 1) * Sector) + (entry * 128));
        Buffer.BlockCopy(table, 0, file, Sector, table.Length * 4);
        return file;

        void Place(int start, int length)
        {
            for (var index = 0; index < length; index++) table[start + index] = index == length - 1 ? EndOfChain : (uint)(start + index + 1);
        }
    }
}
