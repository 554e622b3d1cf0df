using System.Diagnostics;
using System.Text;

// The runtime wants this name, and no namespace: https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md

/// <summary>
/// Brings a fault into the published program that is none of its own: <c>DOTNET_STARTUP_HOOKS</c> names this assembly, <c>FAULT_TEXT</c> what the exception says, <c>FAULT_AT</c> where it is thrown:
/// <c>output</c> (at the first line on standard output), <c>thread</c> (as a run begins, on a thread that nobody waits for), else the name of a span (as it begins).
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        switch (Environment.GetEnvironmentVariable("FAULT_AT"))
        {
            case "output":
                Console.SetOut(new FaultyWriter());
                break;
            case "thread":
                AtSpan("run", () =>
                {
                    var thread = new Thread(Fault);
                    thread.Start();
                    thread.Join();
                });
                break;
            case { } span:
                AtSpan(span, Fault);
                break;
        }
    }

    private static void AtSpan(string name, Action fall) => ActivitySource.AddActivityListener(new ActivityListener
    {
        ShouldListenTo = source => source.Name == "BatchInference",
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        ActivityStarted = span =>
        {
            if (span.OperationName == name)
                fall();
        },
    });

    private static void Fault() => throw new InvalidOperationException(Environment.GetEnvironmentVariable("FAULT_TEXT"));

    private sealed class FaultyWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Fault();
    }
}
