using BatchInference.Worker.Commands;
using BatchInference.Worker.Jobs;

return args is [Reading.HostVerb] ? Reading.Host() : await BatchInferenceCommand.RunAsync(args, Surroundings.OfProcess());
