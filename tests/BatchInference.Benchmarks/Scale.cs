using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Benchmarks;

/// <summary>
/// A prompt of 3,000 tokens and a summary of 96 by <see cref="LargeModel"/>, with our loop and with a bare one, each in a process of its own, whose peak resident set is told
/// (<c>VmHWM</c>, Linux). Needs some 2 GB of disk for the time of the run.
/// </summary>
internal static class Scale
{
    private const int Prompt = 3_000, Tokens = 96, Piece = 128;

    public static async Task<int> RunAsync()
    {
        using var folder = new TempFolder();
        LargeModel.Write(folder);
        var size = new DirectoryInfo(folder).GetFiles().Sum(file => file.Length) / 1048576.0;
        Console.WriteLine(FormattableString.Invariant($"The model's files: {size:F0} MiB. A prompt of {Prompt} tokens, {Tokens} new ones, {Environment.ProcessorCount} threads."));
        Console.WriteLine();
        Console.WriteLine("| loop | prompt tokens/s | new tokens/s | peak resident set, MiB | of the model's size |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        var bare = await ChildAsync("bare", folder);
        var ours = await ChildAsync("ours", folder);
        foreach (var (name, told) in new[] { ("bare", bare), ("ours", ours) })
            Console.WriteLine(FormattableString.Invariant($"| {name} | {told.PromptSpeed:F1} | {told.Speed:F2} | {told.Peak:F0} | {told.Peak / size:F2} |"));
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"Ours / bare: prompt {ours.PromptSpeed / bare.PromptSpeed:F2}, new tokens {ours.Speed / bare.Speed:F2}. The same tokens: {(ours.Said.SequenceEqual(bare.Said) ? "yes" : "no")}."));
        return ours.Said.SequenceEqual(bare.Said) && ours.Peak <= 1.6 * size ? 0 : 1;
    }

    /// <summary>Runs one of both in this process and prints what was measured as JSON.</summary>
    public static int Child(string loop, string folder)
    {
        int[] prompt = [.. Enumerable.Range(0, Prompt).Select(at => at * 7919 % 150_000)];
        var (began, read, done) = (0L, 0L, 0L);
        var said = loop == "ours" ? Ours() : Bare();
        var told = new Told(Prompt / Stopwatch.GetElapsedTime(began, read).TotalSeconds, (Tokens - 1) / Stopwatch.GetElapsedTime(read, done).TotalSeconds, Peak(), said);
        Console.WriteLine(JsonSerializer.Serialize(told));
        return 0;

        int[] Ours()
        {
            using var model = GeneratingModelFiles.Load(ModelFolder.OpenUnpinned(folder), "", new OnnxOptions());
            began = Stopwatch.GetTimestamp();
            // The loop asks after each token whether the row is to stop: the first time, the prompt has been read.
            var made = new GenerationLoop(model, new GenerationSettings { MaxNewTokens = Tokens }).Generate([new GenerationRow(prompt)], _ => Mark(), CancellationToken.None);
            done = Stopwatch.GetTimestamp();
            return made[0][0].Ids;
        }

        bool Mark()
        {
            read = read == 0 ? Stopwatch.GetTimestamp() : read;
            return false;
        }

        int[] Bare()
        {
            using var options = ExecutionProviders.Open(new OnnxOptions());
            using var session = new InferenceSession(Path.Combine(folder, "model.onnx"), options);
            began = Stopwatch.GetTimestamp();
            var made = new int[Tokens];
            string[] pasts = [.. session.InputNames.Where(name => name.StartsWith("past_key_values.", StringComparison.Ordinal))];
            using var run = new RunOptions();
            using var binding = session.CreateIoBinding();
            OrtValue[] cache = [.. pasts.Select(name => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [1, session.InputMetadata[name].Dimensions[1], Prompt + Tokens, session.InputMetadata[name].Dimensions[3]]))];
            for (var slot = 0; slot < pasts.Length; slot++)
            {
                binding.BindInput(pasts[slot], cache[slot]);
                binding.BindOutput(pasts[slot].Replace("past_key_values.", "present.", StringComparison.Ordinal), cache[slot]);
            }

            for (var (past, step) = (0, 0); step < Tokens;)
            {
                long[] ids = past < Prompt ? [.. prompt.Skip(past).Take(Piece).Select(id => (long)id)] : [made[step - 1]];
                var mask = new long[past + ids.Length];
                Array.Fill(mask, 1);
                using var idTensor = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
                using var maskTensor = OrtValue.CreateTensorValueFromMemory(mask, [1, mask.Length]);
                using var logits = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [1, ids.Length, LargeModel.Vocabulary]);
                binding.BindInput("input_ids", idTensor);
                binding.BindInput("attention_mask", maskTensor);
                binding.BindOutput("logits", logits);
                session.RunWithBinding(run, binding);
                past += ids.Length;
                if (past < Prompt)
                    continue;
                Mark();
                made[step++] = TensorPrimitives.IndexOfMax(logits.GetTensorDataAsSpan<float>()[^LargeModel.Vocabulary..]);
            }

            done = Stopwatch.GetTimestamp();
            foreach (var value in cache)
                value.Dispose();
            return made;
        }
    }

    private static double Peak() => double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;

    private static async Task<Told> ChildAsync(string loop, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Scale).Assembly.Location, "scale-child", loop, folder]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<Told>(output)! : throw new InvalidOperationException($"The {loop} loop ended with {process.ExitCode}.");
    }

    private sealed record Told(double PromptSpeed, double Speed, double Peak, int[] Said);
}
