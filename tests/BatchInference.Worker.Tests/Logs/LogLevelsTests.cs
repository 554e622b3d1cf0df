using BatchInference.Worker.Configuration;
using BatchInference.Worker.Logs;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Tests.Logs;

public sealed class LogLevelsTests
{
    private readonly LogLevels levels = new();

    [Fact]
    public void TheLongestNameThatFitsDecides()
    {
        levels.Set(new LoggingSettings { Level = "warning", Categories = new Dictionary<string, string> { ["BatchInference"] = "error", ["BatchInference.Pipeline"] = "debug" } });
        levels.Tells("BatchInference.Pipeline.BatchRun", LogLevel.Debug).ShouldBeTrue();
        levels.Tells("BatchInference.PipelineOther", LogLevel.Warning).ShouldBeFalse();
        levels.Tells("Microsoft.Hosting", LogLevel.Warning).ShouldBeTrue();
        levels.Tells("Microsoft.Hosting", LogLevel.Information).ShouldBeFalse();
    }

    [Fact]
    public void TheSchedulerIsQuietUnlessAsked()
    {
        levels.Tells("Quartz.Core", LogLevel.Information).ShouldBeFalse();
        levels.Set(new LoggingSettings { Categories = new Dictionary<string, string> { ["Quartz"] = "information" } });
        levels.Tells("Quartz.Core", LogLevel.Information).ShouldBeTrue();
    }

    [Fact]
    public void TheEventLogGetsWhatIsSevereEnoughForItAndToldAtAll()
    {
        levels.TellsEventLog("BatchInference.Worker", LogLevel.Information).ShouldBeFalse();
        levels.TellsEventLog("BatchInference.Worker", LogLevel.Warning).ShouldBeTrue();
        levels.Set(new LoggingSettings { Level = "error", EventLog = "information" });
        levels.TellsEventLog("BatchInference.Worker", LogLevel.Warning).ShouldBeFalse();
        levels.Set(new LoggingSettings { EventLog = "off" });
        levels.TellsEventLog("BatchInference.Worker", LogLevel.Critical).ShouldBeFalse();
    }
}
