using BatchInference.Documents.Extraction.Isolation;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>What two processes say to each other arrives whole or not at all.</summary>
public sealed class FramesTests
{
    [Fact]
    public async Task AFrameThatIsCutOffIsTheEndOfWhoWroteItAndOneThatIsTooLongIsNone()
    {
        var stream = new MemoryStream();
        await Frames.WriteAsync(stream, FrameKind.Reading, new byte[1000], default);
        var whole = stream.ToArray();
        var (kind, payload) = (await Frames.ReadAsync(new MemoryStream(whole), 1000, default))!.Value;
        (kind, payload.Length).ShouldBe((FrameKind.Reading, 1000));
        (await Frames.ReadAsync(Stream.Null, 1000, default)).ShouldBeNull();
        foreach (var length in new[] { 1, 4, 5, 6, 1004 })
            await Should.ThrowAsync<EndOfStreamException>(async () => await Frames.ReadAsync(new MemoryStream(whole[..length]), 1000, default));
        await Should.ThrowAsync<InvalidDataException>(async () => await Frames.ReadAsync(new MemoryStream(whole), 999, default));
        whole[4] = 0xFF;
        await Should.ThrowAsync<InvalidDataException>(async () => await Frames.ReadAsync(new MemoryStream(whole), 1000, default));
    }
}
