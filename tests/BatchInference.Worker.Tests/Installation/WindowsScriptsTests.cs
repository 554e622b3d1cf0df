using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using BatchInference.Testing;

namespace BatchInference.Worker.Tests.Installation;

/// <summary>
/// The scripts of <c>install/windows</c>, run by PowerShell itself on folders of a test. The commands of Windows are stand-ins: those for files do what they are asked, those for services write down that they were called,
/// and so does the program.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class WindowsScriptsTests : IDisposable
{
    private const string StandIns = """
        function Local([string] $path) { $path.Replace('\', '/') }
        function Join-Path([string] $Path, [string] $ChildPath) { [IO.Path]::GetFullPath([IO.Path]::Combine((Local $Path), (Local $ChildPath))) }
        function Test-Path([string] $Path) { [IO.File]::Exists($Path) -or [IO.Directory]::Exists($Path) }
        function New-Item([string[]] $Path, [string] $ItemType, [switch] $Force) { foreach ($one in $Path) { [IO.Directory]::CreateDirectory((Local $one)) } }
        function Remove-Item([string] $Path, [switch] $Recurse, [switch] $Force) { [IO.Directory]::Delete($Path, $true) }
        function Copy-Item([string] $Path, [string] $Destination, [switch] $Recurse, [switch] $Force) {
            $all = if ($Path.EndsWith('*')) { [IO.Directory]::GetFileSystemEntries([IO.Path]::GetDirectoryName($Path)) } else { $Path }
            foreach ($one in $all) { & /bin/cp -r $one $Destination; if ($LASTEXITCODE -ne 0) { throw "cp $one $Destination" } }
        }
        function Move-Item([string] $Path, [string] $Destination) { if ([IO.File]::Exists([IO.Path]::Combine($Path, 'in use'))) { throw 'Access denied.' }; [IO.Directory]::Move($Path, $Destination) }
        function Write-Output { $args }
        function Get-Service([string] $Name, $ErrorAction) { if ($global:Service) { [pscustomobject] @{ Name = $Name; Status = $global:Service } } }
        function Stop-Service([string] $Name, $ErrorAction) { [IO.File]::AppendAllText($global:Log, "stop $Name`n"); $global:Service = 'Stopped' }
        function Start-Service([string] $Name) { [IO.File]::AppendAllText($global:Log, "start $Name`n"); $global:Service = 'Running' }
        """;

    private readonly TempFolder folder = new();

    public WindowsScriptsTests()
    {
        Environment.SetEnvironmentVariable("ProgramData", folder["data"]);
        Program("release/program/batch-inference.exe", "new");
        folder.Write("release/program/some.dll", "new");
        foreach (var file in (string[])["models/tiny/config.json", "demo/documents/one.txt", "labels/topics/labels.json", "job.schema.json", "appsettings.json", "jobs/demo.json"])
            folder.Write($"release/config/{file}", "shipped");
    }

    private string Told => File.Exists(folder["log"]) ? File.ReadAllText(folder["log"]) : "";

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("install.ps1")]
    [InlineData("uninstall.ps1")]
    public void AScriptIsReadByEveryPowerShellThatWindowsHas(string script)
    {
        var tree = Parser.ParseFile(Repository.At($"install/windows/{script}"), out _, out var errors);
        errors.ShouldBeEmpty();
        // Windows PowerShell 5.1 knows neither of these.
        tree.FindAll(node => node is TernaryExpressionAst or PipelineChainAst or BinaryExpressionAst { Operator: TokenKind.QuestionQuestion } or AssignmentStatementAst { Operator: TokenKind.QuestionQuestionEquals }, searchNestedScriptBlocks: true).ShouldBeEmpty();
        File.ReadAllBytes(Repository.At($"install/windows/{script}")).ShouldAllBe(letter => letter < 128, "without a byte order mark it takes a file for the code page of the machine");
    }

    [Fact]
    public void AFirstInstallationPutsProgramAndConfigurationInTheirPlacesAndStartsNothing()
    {
        Install().ShouldBeNull();
        File.ReadAllText(folder["target/some.dll"]).ShouldBe("new");
        foreach (var file in (string[])["models/tiny/config.json", "demo/documents/one.txt", "labels/topics/labels.json", "job.schema.json"])
            File.Exists(folder[$"target/config/{file}"]).ShouldBeTrue(file);
        Directory.GetFiles(folder["data/BatchInference/config"], "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder["data/BatchInference/config"], path)).Order(StringComparer.Ordinal).ShouldBe(["appsettings.json", "job.schema.json", "jobs/demo.json"]);
        Told.ShouldBe("new install\n");
    }

    [Fact]
    public void AnUpgradeStopsTheServiceFirstKeepsWhatTheAdminWroteAndStartsItAgain()
    {
        Program("target/batch-inference.exe", "old");
        folder.Write("target/some.dll", "old");
        folder.Write("target/gone.dll", "old");
        folder.Write("target.previous/some.dll", "older");
        folder.Write("target.new/some.dll", "an installation that was cut off");
        folder.Write("data/BatchInference/config/appsettings.json", "the admin's");
        folder.Write("data/BatchInference/config/jobs/demo.json", "the admin's");
        Install("Running").ShouldBeNull();
        Told.ShouldBe("stop BatchInference\nnew install\nstart BatchInference\n");
        File.ReadAllText(folder["target/some.dll"]).ShouldBe("new");
        File.Exists(folder["target/gone.dll"]).ShouldBeFalse();
        Directory.Exists(folder["target.new"]).ShouldBeFalse();
        File.ReadAllText(folder["target.previous/gone.dll"]).ShouldBe("old");
        File.ReadAllText(folder["data/BatchInference/config/appsettings.json"]).ShouldBe("the admin's");
        File.ReadAllText(folder["data/BatchInference/config/jobs/demo.json"]).ShouldBe("the admin's");
    }

    [Fact]
    public void AProgramThatIsInUseStaysAndItsServiceGoesOn()
    {
        Program("target/batch-inference.exe", "old");
        folder.Write("target/in use", "");
        Install("Running").ShouldBe($"{folder["target"]} is in use, so the old program stays: Access denied. Close what runs from there and run this script again.");
        Told.ShouldBe("stop BatchInference\nstart BatchInference\n");
        File.ReadAllText(folder["target/batch-inference.exe"]).ShouldContain("old");
    }

    [Fact]
    public void NoOtherFolderThanTheServicesCanBeNamedForTheConfiguration() =>
        Run("install.ps1", null, ("Published", folder["release/program"]), ("Config", folder["release/config"]), ("Target", folder["target"]), ("Data", folder["elsewhere"]))
            .ShouldBe("A parameter cannot be found that matches parameter name 'Data'.");

    [Fact]
    public void AServiceThatTheAdminStoppedStaysStopped()
    {
        Install("Stopped").ShouldBeNull();
        Told.ShouldBe("new install\n");
    }

    [Fact]
    public void WhatGoesWrongIsToldWithTheRemedy()
    {
        folder.Write("code", "2");
        Install("Running").ShouldBe("batch-inference install ended with 2. Mend what it told and run this script again.");
        Told.ShouldBe("stop BatchInference\nnew install\n");
        File.Delete(folder["release/program/batch-inference.exe"]);
        Install().ShouldBe($"{folder["release/program"]} holds no batch-inference.exe. Unpack the whole release, or name the folder with -Published.");
    }

    [Theory]
    [InlineData(false, "stop BatchInference\nold uninstall\n")]
    [InlineData(true, "stop BatchInference\nold uninstall --purge\n")]
    public void AnUninstallationTakesTheServiceBackAndRemovesTheProgram(bool purge, string told)
    {
        Program("target/batch-inference.exe", "old");
        folder.Write("target.previous/some.dll", "older");
        Run("uninstall.ps1", "Running", ("Target", folder["target"]), ("Purge", purge)).ShouldBeNull();
        Told.ShouldBe(told);
        Directory.Exists(folder["target"]).ShouldBeFalse();
        Directory.Exists(folder["target.previous"]).ShouldBeFalse();
    }

    [Fact]
    public void AProgramThatCannotTakeTheServiceBackStays()
    {
        Program("target/batch-inference.exe", "old");
        folder.Write("code", "1");
        Run("uninstall.ps1", null, ("Target", folder["target"]), ("Purge", false)).ShouldBe("batch-inference uninstall ended with 1.");
        File.Exists(folder["target/batch-inference.exe"]).ShouldBeTrue();
    }

    [Fact]
    public void WhereNothingIsInstalledNothingIsRemoved()
    {
        Run("uninstall.ps1", null, ("Target", folder["target"]), ("Purge", true)).ShouldBe($"There is no {folder["target/batch-inference.exe"]}: nothing to remove.");
        Told.ShouldBeEmpty();
    }

    private string? Install(string? service = null) =>
        Run("install.ps1", service, ("Published", folder["release/program"]), ("Config", folder["release/config"]), ("Target", folder["target"]));

    // What it threw, else what it said last.
    private string? Run(string script, string? service, params (string Name, object Value)[] parameters)
    {
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        runspace.SessionStateProxy.SetVariable("global:Service", service);
        runspace.SessionStateProxy.SetVariable("global:Log", folder["log"]);
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(StandIns, useLocalScope: false).Invoke();
        shell.Commands.Clear();
        shell.AddCommand(Repository.At($"install/windows/{script}"));
        foreach (var (name, value) in parameters)
            shell.AddParameter(name, value);
        try
        {
            var said = shell.Invoke().LastOrDefault()?.ToString();
            shell.Streams.Error.ShouldBeEmpty();
            return said;
        }
        catch (RuntimeException thrown)
        {
            return thrown.Message;
        }
    }

    private void Program(string path, string name)
    {
        folder.Write(path, $"#!/bin/sh\necho \"{name} $*\" >> '{folder["log"]}'\nexit $(cat '{folder["code"]}' 2> /dev/null || echo 0)\n");
        File.SetUnixFileMode(folder[path], (UnixFileMode)0b111_101_101);
    }
}
