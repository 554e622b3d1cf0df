using System.Collections;
using System.Text;
using BatchInference.Documents;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Logs;

namespace BatchInference.Worker.Commands;

/// <summary>What the program takes from the process it runs in; a test gives its own.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress, logs and errors.</param>
/// <param name="Input">Standard input.</param>
/// <param name="Environment">Variables.</param>
/// <param name="WorkingFolder">Where relative paths count from.</param>
/// <param name="ProgramFolder">Where the program lies.</param>
/// <param name="Time">The clock.</param>
internal sealed record Surroundings(TextWriter Output, TextWriter Error, TextReader Input, IDictionary Environment, string WorkingFolder, string ProgramFolder, TimeProvider Time)
{
    public static Surroundings OfProcess()
    {
        // Names of documents hold any sign; the code page of a Windows console does not, and what reads the output expects what the files are in.
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var environment = System.Environment.GetEnvironmentVariables();
        SecretValues.Keep(SecretParts.Of(environment));
        Console.SetError(new BlottedWriter(Console.Error));
        return new(Console.Out, Console.Error, Console.In, environment, Directory.GetCurrentDirectory(), AppContext.BaseDirectory, TimeProvider.System);
    }

    /// <summary>True when standard error is a terminal that may show a moving picture.</summary>
    public bool IsTerminal => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected && Variable("TERM") != "dumb";

    public string? Variable(string name) => Environment[name] as string;

    /// <summary>Reads the configuration.</summary>
    /// <param name="configurationOption">The folder, where an option names it.</param>
    /// <param name="stateOption">The folder of the state, where an option names it.</param>
    /// <param name="asService">True for the service, which has folders and a log of its own.</param>
    /// <param name="strict">True where a job whose file is wrong is an error; else it is told and left out, until it is asked for.</param>
    /// <param name="asked">The job that is asked for by its name.</param>
    /// <exception cref="ConfigurationException">Something is wrong with it.</exception>
    public WorkerConfiguration Configure(string? configurationOption, string? stateOption, bool asService = false, bool strict = false, string? asked = null)
    {
        var folder = Folders.FindConfiguration(configurationOption, Variable, WorkingFolder, ProgramFolder);
        var environment = SecretFiles.Below(Environment);
        SecretValues.Keep(SecretParts.Of(environment));
        var configuration = WorkerConfiguration.Read(folder, Folders.FindState(stateOption, Variable, asService), ProgramFolder, environment, strict || asService);
        if (asked is not null)
            configuration.Job(asked);
        // The service has a log for them.
        if (!asService)
            foreach (var warning in configuration.Warnings)
                Error.WriteLine(warning);
        return configuration;
    }
}
