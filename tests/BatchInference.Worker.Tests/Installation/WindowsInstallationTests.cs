using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Tests.Installation;

/// <summary>What <c>install</c> asks of Windows, word for word; the words are those of Microsoft's pages on sc.exe, icacls and reg.</summary>
public sealed class WindowsInstallationTests
{
    private static readonly WindowsInstallation Installation = new(@"C:\Program Files\BatchInference\", @"C:\ProgramData\BatchInference");

    [Fact]
    public void TheServiceRunsAsAVirtualAccountAndIsStartedAgainAfterAFailure()
    {
        var steps = Installation.Install(registered: false).OfType<RunProgram>().ToArray();
        steps[0].Arguments.ShouldBe(["create", "BatchInference", "binPath=", "\"C:\\Program Files\\BatchInference\\batch-inference.exe\" service --config \"C:\\ProgramData\\BatchInference\\config\"", "start=", "delayed-auto", "obj=", @"NT SERVICE\BatchInference", "DisplayName=", "BatchInference"]);
        var told = steps.Select(step => step.ToString()).ToArray();
        told.ShouldContain("sc.exe failure BatchInference reset= 86400 actions= restart/30000/restart/60000/restart/300000");
        told.ShouldContain("sc.exe failureflag BatchInference 1");
        told.ShouldContain(@"reg.exe add HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\BatchInference /v EventMessageFile /t REG_EXPAND_SZ /d 'C:\Program Files\BatchInference\System.Diagnostics.EventLog.Messages.dll' /f");
    }

    [Fact]
    public void OnlyTheServiceAndTheAdministratorsGetIntoStateAndSecrets()
    {
        var grants = Installation.Install(registered: false).OfType<RunProgram>().Where(step => step.Program == "icacls.exe").ToDictionary(step => step.Arguments[0], step => step.Arguments[1..]);
        grants[@"C:\ProgramData\BatchInference\state"].ShouldBe(["/inheritance:r", "/grant:r", "*S-1-5-32-544:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F", @"NT SERVICE\BatchInference:(OI)(CI)M"]);
        grants[@"C:\ProgramData\BatchInference\secrets"].ShouldBe(["/inheritance:r", "/grant:r", "*S-1-5-32-544:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F", @"NT SERVICE\BatchInference:(OI)(CI)R"]);
    }

    [Fact]
    public void AServiceThatIsThereIsSetAnewNotMadeTwice() =>
        Installation.Install(registered: true).OfType<RunProgram>().First().Arguments[0].ShouldBe("config");

    [Fact]
    public void UninstallLeavesConfigurationStateAndSecretsUnlessItPurges()
    {
        Installation.Uninstall(purge: false).OfType<Remove>().ShouldBeEmpty();
        Installation.Uninstall(purge: true).OfType<Remove>().ShouldHaveSingleItem().Path.ShouldBe(@"C:\ProgramData\BatchInference");
    }
}
