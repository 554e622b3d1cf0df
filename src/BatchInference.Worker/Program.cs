using BatchInference.Worker.Commands;
using BatchInference.Worker.Jobs;

if (OpenFiles.Problem() is { } problem)
{
    await Console.Error.WriteLineAsync(problem);
    return ExitCodes.WrongUsage;
}

AppDomain.CurrentDomain.UnhandledException += (_, fault) => BatchInferenceCommand.EndWith(fault.ExceptionObject);

return args is [Reading.HostVerb] ? Reading.Host() : await BatchInferenceCommand.RunAsync(args, Surroundings.OfProcess());
