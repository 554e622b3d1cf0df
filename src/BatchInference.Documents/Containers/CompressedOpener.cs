using System.Formats.Tar;
using System.IO.Compression;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.Xz;
using SharpCompress.Compressors.ZStandard;

namespace BatchInference.Documents.Containers;

/// <summary>Tar archives (POSIX, GNU), bare or compressed, and single files compressed by gzip, bzip2, xz or Zstandard.</summary>
internal sealed class CompressedOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Tar, Extraction.MediaTypes.Gzip, Extraction.MediaTypes.Bzip2, Extraction.MediaTypes.Xz, Extraction.MediaTypes.Zstandard];

    public override int Revision => 2;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        var isBare = source.MediaType == Extraction.MediaTypes.Tar;
        // Skipping in a bare one costs nothing, so its manifest is found wherever it stands.
        var members = !isBare && !HoldsTar(content, source) ? Single(content, source) : Tar(content, source, isBare ? SedaPackage.In(content, source.Limits, cancellationToken) : SedaPackage.None);
        foreach (var member in members) yield return member;
    }

    private static IEnumerable<Member> Single(Stream content, ContainerSource source)
    {
        yield return new Member(NameInside(source.Path), () => Unfold(content, source)) { IsCounted = true };
    }

    private static IEnumerable<Member> Tar(Stream content, ContainerSource source, SedaPackage package)
    {
        content.Position = 0;
        using var unfolded = source.MediaType == Extraction.MediaTypes.Tar ? new CountedStream(new Kept(content), source.Unfolded) : Unfold(content, source);
        using var tar = new TarReader(unfolded, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)) continue;
            if (package.Of(entry.Name).Count == 0 && SedaPackage.IsManifestName(entry.Name) && entry.DataStream is { } manifest)
            {
                // In a compressed one it counts for the files behind it; packages have it first.
                package = SedaPackage.Read(manifest, source.Limits, out var begun) ?? package;
                yield return new Member(entry.Name, () => new ResumedStream(begun, manifest)) { IsCounted = true };
                continue;
            }

            yield return new Member(entry.Name, () => entry.DataStream ?? Stream.Null) { IsCounted = true, Identifiers = package.Of(entry.Name) };
        }
    }

    private static bool HoldsTar(Stream content, ContainerSource source)
    {
        var block = new byte[512];
        content.Position = 0;
        using var unfolded = Unfold(content, source);
        return unfolded.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) == block.Length && Extraction.MediaTypeDetection.IsTar(block);
    }

    private static CountedStream Unfold(Stream content, ContainerSource source)
    {
        content.Position = 0;
        var kept = new Kept(content);
        return new CountedStream(source.MediaType switch
        {
            Extraction.MediaTypes.Gzip => new GZipStream(kept, System.IO.Compression.CompressionMode.Decompress),
            Extraction.MediaTypes.Bzip2 => BZip2Stream.Create(kept, SharpCompress.Compressors.CompressionMode.Decompress, true),
            Extraction.MediaTypes.Xz => new XZStream(kept),
            _ => new DecompressionStream(kept),
        }, source.Unfolded);
    }

    // minutes.txt.gz holds minutes.txt.
    private static string NameInside(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Path.GetExtension(name).ToLowerInvariant() is ".gz" or ".bz2" or ".xz" or ".zst" ? name[..name.LastIndexOf('.')] : "content";
    }

    /// <summary>Lends a stream to one that would dispose it.</summary>
    private sealed class Kept(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => inner.Position = value; }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
