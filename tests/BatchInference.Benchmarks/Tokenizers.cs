using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// Megabytes of French and English text a second that one thread turns into tokens: ours against the Rust tokenizers (Node package @anush008/tokenizers 0.6.0, which is tokenizers 0.22.2).
/// Both take turns on the same texts in one run, and the best of several turns counts, so that what else the machine does weighs on both alike. Both remember words; "new words" is the first
/// reading after loading, "known words" a later one.
/// </summary>
internal static class Tokenizers
{
    private const int Turns = 15;
    private const int ColdTurns = 3;
    private const int SentencesOfADocument = 15;

    private const string Script = """
        const { Tokenizer } = require('@anush008/tokenizers');
        const texts = JSON.parse(require('fs').readFileSync('texts.json', 'utf8'));
        let tokenizer;
        require('readline').createInterface({ input: process.stdin }).on('line', async line => {
          if (line) tokenizer = Tokenizer.fromFile(line);
          const start = process.hrtime.bigint();
          let tokens = 0;
          for (const encoding of await tokenizer.encodeBatch(texts)) tokens += encoding.getLength();
          console.log(tokens + ' ' + Number(process.hrtime.bigint() - start) / 1e9);
        });
        """;

    private static readonly (string Kind, string Folder)[] Folders =
    [
        ("Unigram (the embedded model)", "config/models/multilingual-e5-small"),
        ("WordPiece", "tests/fixtures/models/bert"),
        ("byte-level BPE, GPT-2 pattern", "tests/fixtures/models/roberta"),
        ("byte-level BPE, Llama 3 pattern", "tests/fixtures/models/llama"),
        ("byte-level BPE, Qwen pattern, NFC", "tests/fixtures/models/qwen2"),
        ("SentencePiece BPE", "tests/fixtures/models/mistral"),
    ];

    public static int Run()
    {
        var texts = Texts();
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "texts.json"), JsonSerializer.Serialize(texts));
        File.WriteAllText(Path.Combine(folder.Path, "run.js"), Script);
        Npm(folder.Path);
        using var rust = Start(folder.Path, "node", "run.js");
        var megabytes = texts.Sum(text => System.Text.Encoding.UTF8.GetByteCount(text)) / 1e6;
        Console.WriteLine(FormattableString.Invariant($"{texts.Length} texts, {megabytes:F2} MB, one thread each, best of {ColdTurns} for new words, of {Turns} for known ones, MB/s"));
        Console.WriteLine("                                                  new words            known words          bytes allocated");
        Console.WriteLine("tokenizer                           tokens      Rust    ours   ratio      Rust    ours   ratio     a token");
        foreach (var (kind, path) in Folders)
            Measure(kind, Repository.At(path), texts, megabytes, rust);
        rust.StandardInput.Close();
        rust.WaitForExit();
        return 0;
    }

    private static void Measure(string kind, string path, string[] texts, double megabytes, Process rust)
    {
        var tokenizer = Tokenizer.Load(path);
        var (coldTheirs, coldOurs) = (double.MaxValue, double.MaxValue);
        for (var turn = 0; turn < ColdTurns; turn++)
        {
            coldTheirs = Math.Min(coldTheirs, Ask(rust, Path.Combine(path, "tokenizer.json")).Seconds);
            tokenizer = Tokenizer.Load(path);
            coldOurs = Math.Min(coldOurs, Encode(tokenizer, texts).Seconds);
        }

        var (theirs, ours) = (double.MaxValue, double.MaxValue);
        var (answer, found) = (default((long Tokens, double Seconds)), default((long Tokens, double Seconds, long Allocated)));
        for (var turn = 0; turn < Turns; turn++)
        {
            answer = Ask(rust, "");
            found = Encode(tokenizer, texts);
            (theirs, ours) = (Math.Min(theirs, answer.Seconds), Math.Min(ours, found.Seconds));
        }

        var template = (long)texts.Length * (tokenizer.Head.Count + tokenizer.Tail.Count);
        if (found.Tokens + template != answer.Tokens)
            throw new InvalidOperationException($"{kind}: {found.Tokens} tokens and {template} of the template, the Rust tokenizers have {answer.Tokens}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-34}{found.Tokens,8}{megabytes / coldTheirs,10:F2}{megabytes / coldOurs,8:F2}{coldTheirs / coldOurs,8:F1}{megabytes / theirs,10:F2}{megabytes / ours,8:F2}{theirs / ours,8:F1}{(double)found.Allocated / found.Tokens,12:F2}"));
    }

    // An empty line keeps the tokenizer, with what it has learnt; a path loads it anew, which is not counted.
    private static (long Tokens, double Seconds) Ask(Process rust, string line)
    {
        rust.StandardInput.WriteLine(line);
        var answer = (rust.StandardOutput.ReadLine() ?? throw new InvalidOperationException(rust.StandardError.ReadToEnd())).Split(' ');
        return (long.Parse(answer[0], CultureInfo.InvariantCulture), double.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    private static (long Tokens, double Seconds, long Allocated) Encode(Tokenizer tokenizer, string[] texts)
    {
        var (buffer, tokens) = (new TokenBuffer(), 0L);
        var (before, clock) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        foreach (var text in texts)
        {
            tokenizer.Encode(text, buffer, recognizeSpecialTokens: true);
            tokens += buffer.Count;
        }

        return (tokens, clock.Elapsed.TotalSeconds, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string[] Texts() =>
        [.. new[] { "fr", "en" }.SelectMany(language => File.ReadLines(Repository.At($"tests/fixtures/topics/train.{language}.csv")).Skip(1).Chunk(SentencesOfADocument)).Select(lines => string.Join('\n', lines))];

    private static void Npm(string folder)
    {
        using var npm = Start(folder, "npm", "install", "--silent", "--no-audit", "--no-fund", "@anush008/tokenizers@0.6.0");
        npm.StandardOutput.ReadToEnd();
        npm.WaitForExit();
        if (npm.ExitCode != 0)
            throw new InvalidOperationException($"npm could not install @anush008/tokenizers: {npm.StandardError.ReadToEnd()}");
    }

    private static Process Start(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["RAYON_NUM_THREADS"] = "1";
        start.Environment["TOKENIZERS_PARALLELISM"] = "false";
        return Process.Start(start)!;
    }
}
