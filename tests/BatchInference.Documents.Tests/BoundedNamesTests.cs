using System.Text;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests;

public sealed class BoundedNamesTests
{
    [Fact]
    public async Task ANameThatIsTooLongIsCutAndItsDocumentFailsWithTheReasonAlsoWhereAnotherProcessListedIt()
    {
        var place = new MemorySource();
        var longest = string.Concat(Enumerable.Repeat("dossier/", 300));
        string[] names = [longest, longest + "a.pdf", longest + "b.pdf", "letter.txt", string.Concat(Enumerable.Repeat("é/", 799)) + "a-name-of-more.eml"];
        foreach (var name in names)
            place.Put(name, "A text.");
        var source = new BoundedNames(place);
        var listed = await source.ListAsync(default).ToListAsync();

        listed.Count.ShouldBe(names.Length);
        listed.Select(document => document.Id.Path).ShouldBeUnique();
        listed.ShouldAllBe(document => Encoding.UTF8.GetByteCount(document.Id.Path) <= 2400);
        var refused = listed.Where(document => !names.Contains(document.Id.Path)).ToArray();
        refused.Select(document => document.Id.Path[^26..]).ShouldAllBe(end => System.Text.RegularExpressions.Regex.IsMatch(end, "~[0-9a-f]{16}[.](pdf|eml)$"));
        refused.Length.ShouldBe(3);
        foreach (var document in refused.Concat(refused.Select(document => source.Listed(document.Id, document.Length))))
        {
            var failure = await Should.ThrowAsync<DocumentException>(async () => await document.OpenAsync(default));
            failure.Message.ShouldStartWith("The name of the document is longer than 2400 bytes");
            failure.Permanent.ShouldBeTrue();
        }

        foreach (var document in listed.Except(refused).Concat(listed.Except(refused).Select(document => source.Listed(document.Id, document.Length))))
            await (await document.OpenAsync(default)).DisposeAsync();
    }
}
