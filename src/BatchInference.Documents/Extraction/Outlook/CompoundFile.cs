using System.Buffers.Binary;
using System.Text;

namespace BatchInference.Documents.Extraction.Outlook;

/// <summary>
/// A file system in a file: storages (folders) and streams, as the old Office formats have it ([MS-CFB], Compound File Binary File Format, versions 3 and 4). Reads only; streams stay in the file.
/// No sector belongs to two streams and no entry to two storages, so a file costs no more than its length, whatever it claims.
/// </summary>
internal sealed class CompoundFile
{
    private const uint LastRegular = 0xFFFFFFFA, EndOfChain = 0xFFFFFFFE, None = 0xFFFFFFFF;
    private const int EntryLength = 128, FatSectorsInHeader = 109;

    private readonly Stream content;
    private readonly int sectorShift;
    private readonly long sectors;
    private readonly uint[] fat;
    private readonly Dictionary<uint, uint> owners = [];

    // Streams below the cutoff stand in pieces of 64 bytes in a stream of their own, with a table of their own (2.4).
    private readonly byte[] small;
    private readonly uint[] smallFat;
    private readonly uint cutoff;
    private readonly Dictionary<uint, uint> smallOwners = [];

    private CompoundFile(Stream content)
    {
        this.content = content;
        var header = new byte[512];
        content.Position = 0;
        if (content.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) throw Damaged("it ends in its header");
        sectorShift = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(30));
        if (sectorShift is not (9 or 12)) throw Damaged($"it has sectors of 2^{sectorShift} bytes");
        sectors = (content.Length - 1) >> sectorShift;
        cutoff = Number(header, 56);
        if (cutoff != 4096) throw Damaged($"it calls streams of {cutoff} bytes small");
        fat = Table(FatSectors(header));
        var directory = ReadAll(Number(header, 48), long.MaxValue);
        var entries = Enumerable.Range(0, directory.Length / EntryLength).Select(index => Entry.Read(directory.AsSpan(index * EntryLength, EntryLength), wide: sectorShift == 12)).ToArray();
        if (entries is not [{ IsRoot: true } root, ..]) throw Damaged("its directory does not begin with a root");
        smallFat = Table(Chain(Number(header, 60), owners, fat, sectors));
        small = root.Length == 0 ? [] : ReadAll(root.Start, root.Length);
        Root = Tree(entries);
    }

    /// <summary>Bytes of the file.</summary>
    public long Length => content.Length;

    /// <summary>The storage that holds all others.</summary>
    public CompoundStorage Root { get; }

    /// <summary>Reads the directory.</summary>
    /// <param name="content">Seekable; stays the caller's, and is read while streams are.</param>
    /// <exception cref="DocumentException">The file is damaged.</exception>
    public static CompoundFile Open(Stream content) => new(content);

    /// <summary>Opens a stream; its owner may close it or not. Reading it throws <see cref="DocumentException"/> where the file is damaged.</summary>
    public Stream Open(CompoundStream stream) =>
        new StreamOnDemand(stream.Length, () => stream.Length < cutoff ? Small(stream) : new Sectors(content, [.. Chain(stream.Start, owners, fat, sectors)], sectorShift, stream.Length));

    private MemoryStream Small(CompoundStream stream)
    {
        var bytes = new byte[stream.Length];
        var written = 0;
        foreach (var piece in stream.Length == 0 ? [] : Chain(stream.Start, smallOwners, smallFat, small.Length / 64))
        {
            if (written == bytes.Length) break;
            var length = Math.Min(64, bytes.Length - written);
            small.AsSpan((int)piece * 64, length).CopyTo(bytes.AsSpan(written));
            written += length;
        }

        return written == bytes.Length ? new MemoryStream(bytes, writable: false) : throw Damaged("a stream ends too early");
    }

    private static DocumentException Damaged(string how) => new($"The file is damaged: {how}.", permanent: true);

    private static uint Number(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    // The first 109 sectors of the table stand in the header, further ones in a chain whose sectors end with the number of the next (2.5).
    private List<uint> FatSectors(byte[] header)
    {
        var found = new List<uint>();
        for (var index = 0; index < FatSectorsInHeader; index++) Add(Number(header, 76 + (4 * index)));
        var sector = new byte[1 << sectorShift];
        var next = Number(header, 68);
        for (var steps = 0L; next <= LastRegular; next = Number(sector, sector.Length - 4))
        {
            if (++steps > sectors) throw Damaged("the list of its tables has no end");
            ReadSector(next, sector);
            for (var at = 0; at < sector.Length - 4; at += 4) Add(Number(sector, at));
        }

        return found;

        void Add(uint sector)
        {
            if (sector > LastRegular) return;
            if (found.Count > sectors) throw Damaged("it has more tables than sectors");
            found.Add(sector);
        }
    }

    private uint[] Table(IEnumerable<uint> places)
    {
        var table = new List<uint>();
        var sector = new byte[1 << sectorShift];
        foreach (var place in places)
        {
            ReadSector(place, sector);
            for (var at = 0; at < sector.Length; at += 4) table.Add(Number(sector, at));
        }

        return [.. table];
    }

    private byte[] ReadAll(uint start, long length)
    {
        var chain = Chain(start, owners, fat, sectors).ToArray();
        var bytes = new byte[Math.Min(length, (long)chain.Length << sectorShift)];
        using var stream = new Sectors(content, chain, sectorShift, bytes.Length);
        stream.ReadExactly(bytes);
        return bytes;
    }

    // Each sector remembers the first one of the chain that it was met in.
    private static IEnumerable<uint> Chain(uint start, Dictionary<uint, uint> owners, uint[] table, long count)
    {
        var met = 0L;
        for (var sector = start; sector is not (EndOfChain or None); sector = table[sector])
        {
            if (sector >= count || sector >= table.Length) throw Damaged("a stream goes on behind its end");
            if (!owners.TryAdd(sector, start) && owners[sector] != start) throw Damaged("two streams share their bytes");
            if (++met > count) throw Damaged("a stream goes in a circle");
            yield return sector;
        }
    }

    private void ReadSector(uint sector, Span<byte> into)
    {
        if (sector >= sectors) throw Damaged("a table stands behind its end");
        content.Position = ((long)sector + 1) << sectorShift;
        into[content.ReadAtLeast(into, into.Length, throwOnEndOfStream: false)..].Fill(0xFF);
    }

    // The entries of a storage are a binary tree, whose order does not matter here.
    private CompoundStorage Tree(Entry[] entries)
    {
        var root = new CompoundStorage("");
        var met = new bool[entries.Length];
        var starts = new HashSet<(bool Small, uint Sector)>();
        var open = new Stack<(CompoundStorage Parent, uint Entry)>([(root, entries[0].Child)]);
        while (open.TryPop(out var next))
        {
            if (next.Entry > LastRegular) continue;
            if (next.Entry >= entries.Length || met[next.Entry]) throw Damaged("its directory goes in a circle");
            met[next.Entry] = true;
            var entry = entries[next.Entry];
            open.Push((next.Parent, entry.Left));
            open.Push((next.Parent, entry.Right));
            if (entry.IsStream)
            {
                if (entry.Length > 0 && !starts.Add((entry.Length < cutoff, entry.Start))) throw Damaged("two streams share their bytes");
                next.Parent.Add(new CompoundStream(entry.Name, entry.Start, entry.Length));
            }
            else if (entry.IsStorage)
            {
                var storage = new CompoundStorage(entry.Name);
                next.Parent.Add(storage);
                open.Push((storage, entry.Child));
            }
        }

        return root;
    }

    private readonly record struct Entry(string Name, byte Type, uint Left, uint Right, uint Child, uint Start, long Length)
    {
        public bool IsStorage => Type == 1;

        public bool IsStream => Type == 2;

        public bool IsRoot => Type == 5;

        // Lengths of version 3 are 32 bits, and what stands behind them is to be passed over (2.6.1).
        public static Entry Read(ReadOnlySpan<byte> bytes, bool wide)
        {
            var length = BinaryPrimitives.ReadInt64LittleEndian(bytes[120..]) & (wide ? long.MaxValue : uint.MaxValue);
            return new(
                Encoding.Unicode.GetString(bytes[..Math.Clamp(BinaryPrimitives.ReadUInt16LittleEndian(bytes[64..]) - 2, 0, 62)]), bytes[66],
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[68..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[116..]), length);
        }
    }

    /// <summary>The sectors of a chain, one behind the other.</summary>
    private sealed class Sectors : Stream
    {
        private readonly Stream content;
        private readonly uint[] chain;
        private readonly int shift;
        public Sectors(Stream content, uint[] chain, int shift, long length)
        {
            if (length > (long)chain.Length << shift) throw Damaged("a stream ends too early");
            (this.content, this.chain, this.shift, Length) = (content, chain, shift, length);
        }

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length { get; }

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var (index, inside) = (Position >> shift, (int)(Position & ((1 << shift) - 1)));
            var length = (int)Math.Min(Math.Min(buffer.Length, (1 << shift) - inside), Length - Position);
            if (length <= 0) return 0;
            content.Position = (((long)chain[index] + 1) << shift) + inside;
            if (content.ReadAtLeast(buffer[..length], length, throwOnEndOfStream: false) < length) throw Damaged("it ends too early");
            Position += length;
            return length;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = offset + (origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => Length });

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A folder of a <see cref="CompoundFile"/>. Of two entries with one name the first counts.</summary>
internal sealed class CompoundStorage(string name)
{
    private readonly Dictionary<string, CompoundStorage> storages = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, CompoundStream> streams = new(StringComparer.OrdinalIgnoreCase);

    public string Name { get; } = name;

    /// <summary>The storages in it, in the order of their names.</summary>
    public IEnumerable<CompoundStorage> Storages => storages.Values.OrderBy(storage => storage.Name, StringComparer.OrdinalIgnoreCase);

    public bool Has(string stream) => streams.ContainsKey(stream);

    public CompoundStream? Stream(string name) => streams.GetValueOrDefault(name);

    public CompoundStorage? Storage(string name) => storages.GetValueOrDefault(name);

    public void Add(CompoundStorage storage) => storages.TryAdd(storage.Name, storage);

    public void Add(CompoundStream stream) => streams.TryAdd(stream.Name, stream);
}

/// <summary>A stream of a <see cref="CompoundFile"/>: bytes with a name.</summary>
internal sealed record CompoundStream(string Name, uint Start, long Length);
