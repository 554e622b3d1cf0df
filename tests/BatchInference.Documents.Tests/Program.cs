using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Tests.Extraction.Isolation;

return args switch
{
    [HostVerbs.Standard] => ExtractionHost.Run(settings => DocumentReader.Standard(settings.Limits, TimeProvider.System, settings.Fields, settings.Tools)),
    [HostVerbs.Hostile] => ExtractionHost.Run(HostileExtractor.Reader),
    [HostVerbs.Lying] => await LyingHost.RunAsync(),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
