using System.Reflection;

namespace BatchInference.Worker;

/// <summary>The version of this build, with the commit it was built from.</summary>
internal static class ProgramVersion
{
    public static string Full { get; } = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
