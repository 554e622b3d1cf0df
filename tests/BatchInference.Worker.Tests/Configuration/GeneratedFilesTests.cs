using System.Text.RegularExpressions;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

/// <summary>What is generated from the one declaration of the keys stands in the tree as it is generated. BATCHINFERENCE_WRITE_GENERATED=1 writes it.</summary>
public sealed class GeneratedFilesTests
{
    [Fact]
    public void TheSchemaOfJobsIsThatOfTheKnownKeys() => Compare("config/job.schema.json", JobSchema.Text());

    [Fact]
    public void TheTablesOfKeysAreThoseOfTheKnownKeys()
    {
        var text = File.ReadAllText(Repository.At("config/README.md"));
        text = Between(text, "appsettings", KeyTable.Of(KnownKeys.AppSettings));
        Compare("config/README.md", Between(text, "job", KeyTable.Of(KnownKeys.Job)));
    }

    [Fact]
    public void TheReadmeShowsTheJobThatIsShipped()
    {
        var job = File.ReadAllText(Repository.At("config/jobs/demo.json"));
        var shown = Regex.Match(File.ReadAllText(Repository.At("README.md")), "```jsonc\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        job.ShouldEndWith(shown);
    }

    private static string Between(string text, string mark, string table) =>
        Regex.Replace(text, $"(<!-- {mark} -->\n).*?(<!-- end -->)", match => match.Groups[1].Value + table + match.Groups[2].Value, RegexOptions.Singleline);

    private static void Compare(string path, string expected)
    {
        if (Environment.GetEnvironmentVariable("BATCHINFERENCE_WRITE_GENERATED") == "1") File.WriteAllText(Repository.At(path), expected);
        File.ReadAllText(Repository.At(path)).ShouldBe(expected);
    }
}
