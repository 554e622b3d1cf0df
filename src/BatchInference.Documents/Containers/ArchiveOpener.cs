using System.Text;
using BatchInference.Documents.Extraction;
using SharpCompress.Archives;
using SharpCompress.Archives.SevenZip;
using SharpCompress.Archives.Zip;
using SharpCompress.Common;
using CryptographicException = SharpCompress.Common.CryptographicException;
using SharpCompress.Readers;

namespace BatchInference.Documents.Containers;

/// <summary>ZIP (PKWARE APPNOTE) and 7z archives. The files of a SEDA transfer package carry its identifiers.</summary>
internal sealed class ArchiveOpener : ContainerOpener
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Zip, Extraction.MediaTypes.SevenZip];

    public override int Revision => 2;

    public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken)
    {
        var options = new ReaderOptions { LeaveStreamOpen = true, ArchiveEncoding = new ArchiveEncoding { CustomDecoder = DecodeName } };
        return source.MediaType == Extraction.MediaTypes.Zip ? Zip(content, options, source, cancellationToken) : SevenZip(content, options, source);
    }

    private static IEnumerable<Member> Zip(Stream content, ReaderOptions options, ContainerSource source, CancellationToken cancellationToken)
    {
        using var archive = ZipArchive.OpenArchive(content, options);
        var package = SedaPackage.In(archive.Entries, source, cancellationToken);
        foreach (var entry in archive.Entries.Where(entry => !entry.IsDirectory))
            yield return new Member(entry.Key ?? "", () => entry.IsEncrypted ? throw Encrypted("file") : entry.OpenEntryStream()) { Identifiers = package.Of(entry.Key ?? "") };
    }

    // Its files are compressed together: read one after the other, each is unfolded once.
    private static IEnumerable<Member> SevenZip(Stream content, ReaderOptions options, ContainerSource source)
    {
        using var archive = OpenSevenZip(content, options);
        using var reader = archive.ExtractAllEntries();
        while (reader.MoveToNextEntry())
        {
            var entry = reader.Entry;
            if (!entry.IsDirectory) yield return new Member(entry.Key ?? "", () => entry.IsEncrypted ? throw Encrypted("file") : new CountedStream(reader.OpenEntryStream(), source.Unfolded)) { IsCounted = true };
        }
    }

    private static IArchive OpenSevenZip(Stream content, ReaderOptions options)
    {
        var archive = SevenZipArchive.OpenArchive(content, options);
        try
        {
            return archive.Entries.Any(entry => entry.IsEncrypted) ? throw Encrypted("7z archive") : archive;
        }
        catch (Exception error)
        {
            archive.Dispose();
            throw error is CryptographicException ? Encrypted("7z archive", error) : error;
        }
    }

    private static DocumentException Encrypted(string what, Exception? error = null) => new($"The {what} is encrypted and no password is configured.", permanent: true, error);

    // Names without the flag of UTF-8 are UTF-8 all the same from most programs of today; old ones of Western Europe wrote the code page of their console.
    private static string DecodeName(byte[] bytes, int start, int count, EncodingType type)
    {
        var name = bytes.AsSpan(start, count);
        return System.Text.Unicode.Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : TextEncodings.Console.GetString(name);
    }
}
