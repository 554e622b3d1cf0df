namespace BatchInference.Testing;

/// <summary>What a run measures only when it goes badly.</summary>
public static class BadNight
{
    public static void Measure()
    {
        Pipeline.Telemetry.TriedAgain("letters", "infer");
        Pipeline.Telemetry.ModelSilent("scripted");
        Pipeline.Telemetry.ModelAnswers("scripted", TimeSpan.FromSeconds(60));
        Pipeline.Telemetry.ModelAsked("scripted");
        Pipeline.Telemetry.Paused("output", TimeSpan.FromSeconds(20));
    }
}
