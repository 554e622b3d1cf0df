using System.Text;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Writes compound files ([MS-CFB], version 3) for messages that no program would save. Small streams are padded to the size from which they stand in sectors of their own.</summary>
internal sealed class CompoundFileWriter
{
    private const int Sector = 512, Cutoff = 4096;
    private const uint None = 0xFFFFFFFF, EndOfChain = 0xFFFFFFFE, TableSector = 0xFFFFFFFD;

    private readonly List<byte[]> entries = [];
    private readonly List<(int Entry, byte[] Content)> streams = [];

    private CompoundFileWriter() => Entry("Root Entry", type: 5);

    /// <summary>A message in a message, and so on.</summary>
    public static byte[] Message(int depth)
    {
        var writer = new CompoundFileWriter();
        writer.AddMessage(parent: 0, level: 0, depth);
        return writer.Write();
    }

    private void AddMessage(int parent, int level, int depth)
    {
        List<int> children = [Stream("__properties_version1.0", new byte[level == 0 ? 32 : 24]), Stream("__substg1.0_0037001F", Encoding.Unicode.GetBytes($"depth {level}"))];
        if (level < depth)
        {
            var (attachment, message) = (Entry("__attach_version1.0_#00000000", type: 1), Entry("__substg1.0_3701000D", type: 1));
            Hang(attachment, [Stream("__properties_version1.0", new byte[8]), Stream("__substg1.0_3001001F", Encoding.Unicode.GetBytes($"depth {level + 1}")), message]);
            AddMessage(message, level + 1, depth);
            children.Add(attachment);
        }

        Hang(parent, children);
    }

    private int Stream(string name, byte[] content)
    {
        var entry = Entry(name, type: 2);
        var padded = new byte[Math.Max(content.Length, Cutoff)];
        content.CopyTo(padded, 0);
        streams.Add((entry, padded));
        return entry;
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

    // A tree may be a list: nobody has to balance it.
    private void Hang(int parent, List<int> children)
    {
        BitConverter.TryWriteBytes(entries[parent].AsSpan(76), children[0]);
        for (var index = 1; index < children.Count; index++) BitConverter.TryWriteBytes(entries[children[index - 1]].AsSpan(72), children[index]);
    }

    private byte[] Write()
    {
        var directory = ((entries.Count * 128) + Sector - 1) / Sector;
        var content = streams.Sum(stream => (stream.Content.Length + Sector - 1) / Sector);
        var tables = 1;
        while (tables * (Sector / 4) < tables + directory + content) tables++;
        var file = new byte[(1 + tables + directory + content) * Sector];
        var table = Enumerable.Repeat(None, tables * (Sector / 4)).ToArray();
        new byte[] { 0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1 }.CopyTo(file, 0);
        foreach (var (at, value) in new (int, uint)[] { (24, 0x0003003E), (28, 0x0009FFFE), (32, 6), (44, (uint)tables), (48, (uint)tables), (56, Cutoff), (60, EndOfChain), (68, EndOfChain) })
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        for (var index = 0; index < 109; index++) BitConverter.TryWriteBytes(file.AsSpan(76 + (4 * index)), index < tables ? (uint)index : None);
        for (var index = 0; index < tables; index++) table[index] = TableSector;
        var next = tables;
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

        for (var entry = 0; entry < entries.Count; entry++) entries[entry].CopyTo(file, ((tables + 1) * Sector) + (entry * 128));
        Buffer.BlockCopy(table, 0, file, Sector, table.Length * 4);
        return file;

        void Place(int start, int length)
        {
            for (var index = 0; index < length; index++) table[start + index] = index == length - 1 ? EndOfChain : (uint)(start + index + 1);
        }
    }
}
