using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Scheduling;

public sealed class NodeRolesTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "gpu", true)]
    [InlineData("gpu", "", false)]
    [InlineData("gpu", "cpu", false)]
    [InlineData("gpu,large", "large", true)]
    public void AJobRunsOnMachinesThatHaveOneOfItsRoles(string job, string node, bool runs)
    {
        var settings = new JobSettings { Name = "letters", Roles = Names(job), Schedule = [new NightSettings { Opens = new(20, 0), Closes = new(6, 0) }] };
        var configuration = new WorkerConfiguration(null!, new AppSettings { Node = new NodeSettings { Roles = Names(node) } }, new Dictionary<string, JobSettings> { ["letters"] = settings });
        configuration.IsForThisNode(settings).ShouldBe(runs);
        new CurrentConfiguration(configuration).Scheduled.Count().ShouldBe(runs ? 1 : 0);
    }

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
