using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Tests.Extraction.Isolation;

return args switch
{
    [HostVerbs.Standard] => ExtractionHost.Run((settings, moreTime) => DocumentReader.Standard(settings.Limits, TimeProvider.System, settings.Fields, settings.Tools, moreTime)),
    [HostVerbs.Hostile] => ExtractionHost.Run((settings, moreTime) => HostileExtractor.Reader(settings, moreTime)),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
