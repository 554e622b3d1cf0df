using BatchInference.Worker.Commands;

return await BatchInferenceCommand.RunAsync(args, Surroundings.OfProcess());
