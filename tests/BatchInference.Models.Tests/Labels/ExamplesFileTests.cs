using System.Text;
using BatchInference.Models.Labels;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

public sealed class ExamplesFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(",")]
    [InlineData(";")]
    [InlineData("\t")]
    [InlineData("|")]
    public void TheDelimiterIsFoundInTheHeader(string delimiter)
    {
        var path = folder.Write("a.csv", $"id{delimiter}label{delimiter}text\r\n7{delimiter}été{delimiter}\"un, deux; trois | quatre \"\"cinq\"\"\nsix\"\r\n");
        var example = ExamplesFile.Read(path).ShouldHaveSingleItem();
        example.Text.ShouldBe("un, deux; trois | quatre \"cinq\"\nsix");
        example.Label.ShouldBe("été");
        example.Group.ShouldBe("id 7");
    }

    [Fact]
    public void TheEncodingIsFoundInTheBytes()
    {
        const string text = "text,label\nL’été à Évreux — 5 €,a\n";
        var windows = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;
        foreach (var encoding in (Encoding[])[new UTF8Encoding(false), new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UnicodeEncoding(false, false), windows])
        {
            File.WriteAllBytes(folder["e.csv"], [.. encoding.GetPreamble(), .. encoding.GetBytes(text)]);
            ExamplesFile.Read(folder["e.csv"]).ShouldHaveSingleItem().Text.ShouldBe("L’été à Évreux — 5 €");
        }
    }

    [Fact]
    public void JsonLinesAreReadWithTheSameKeys()
    {
        var path = folder.Write("b.en.jsonl", "{\"text\":\"one\",\"label\":\"a\",\"id\":12}\n\n{\"text\":\"two\",\"label\":null,\"group\":\"g\",\"language\":\"fr\",\"more\":[1]}\n");
        var examples = ExamplesFile.Read(path);
        examples.Select(example => (example.Text, example.Label, example.Group, example.Language)).ShouldBe([("one", "a", "id 12", "en"), ("two", null, "id g", "fr")]);
    }

    [Fact]
    public void WithoutAnIdTheSameTextIsOneGroup()
    {
        var path = folder.Write("c.csv", "text,label\nsame,a\n same ,a\nother,b\n");
        ExamplesFile.Read(path).Select(example => example.Group).ShouldBe(["same", "same", "other"]);
    }

    [Fact]
    public void AllErrorsOfAllFilesAreToldWithLineAndRemedy()
    {
        var csv = folder.Write("wrong.csv", $"text,label\n,a\nfine,a\nof,three,fields\nb\"ad,a\nlong,{new string('x', 101)}\n\"never closed,a\n");
        var json = folder.Write("wrong.jsonl", "{\"text\":\"x\",\"label\":[\"a\",\"b\"]}\n{\"text\":5,\"label\":\"a\"}\n{oops\n");
        var header = folder.Write("header.csv", "texte;etiquette\nx;a\n");
        var empty = folder.Write("empty.csv", "text,label\n");
        var error = Should.Throw<LabelSetException>(() => ExamplesFile.Read(csv, json, header, empty, folder["none.csv"]));
        error.Message.ShouldBe(
            $"""
            {csv}, line 2: `text` is empty. Remove the line, or write its text.
            {csv}, line 4: the number of fields differs from that of the header. Put a text that holds `,`, a quote or a line break in double quotes.
            {csv}, line 5: a double quote stands where none may, or is never closed. Put the field in double quotes and double each quote inside it.
            {csv}, line 6: the label `{new string('x', 60)}…` cannot be used: a name has at most 100 characters. Use a short name.
            {csv}, line 7: a double quote stands where none may, or is never closed. Put the field in double quotes and double each quote inside it.
            {json}, line 1: `label` is a list, it must be one text. Put one text in quotes.
            {json}, line 2: `text` is 5, it must be one text. Put one text in quotes.
            {json}, line 3: this is not JSON (byte 2). Write one object a line: {"{"}"text": "…", "label": "…"{"}"}.
            {header}, line 1: the header must name the columns `text` and `label`, it is `texte;etiquette`. Write `text,label` above the examples (and `id` and `language` if you have them).
            {empty}: holds no example. Write one a line below the header `text,label`.
            {folder["none.csv"]}: there is no such file. Give the path of a CSV or JSON-lines file with `text` and `label`.
            """);
    }

    [Fact]
    public void AMillionWrongLinesAreToldInAScreenful()
    {
        var path = folder.Write("many.csv", "text,label\n" + string.Concat(Enumerable.Repeat(",a\n", 100_000)));
        var error = Should.Throw<LabelSetException>(() => ExamplesFile.Read(path));
        error.Message.Split('\n').Length.ShouldBe(26);
        error.Errors.Count.ShouldBeLessThan(1100);
    }
}
