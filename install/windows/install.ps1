<#
.SYNOPSIS
  Installs BatchInference as a Windows service. May be run again at any time, also to put a new version in place of the old one.
.EXAMPLE
  powershell -ExecutionPolicy Bypass -File install\windows\install.ps1
#>
[CmdletBinding()]
param(
    # The published program: the folder "program" of the release that this script came with.
    [string] $Published = (Join-Path $PSScriptRoot '..\..\program'),
    # What configuration and shipped models are taken from.
    [string] $Config = (Join-Path $PSScriptRoot '..\..\config'),
    [string] $Target = (Join-Path $env:ProgramFiles 'BatchInference')
)
$ErrorActionPreference = 'Stop'
# Where the service that "batch-inference install" registers looks for its configuration.
$Data = Join-Path $env:ProgramData 'BatchInference'
if (-not (Test-Path (Join-Path $Published 'batch-inference.exe'))) {
    throw "$Published holds no batch-inference.exe. Unpack the whole release, or name the folder with -Published."
}

# The new program is put together beside the old one and takes its place whole: no library of the old one stays.
$Target = $Target.TrimEnd('\', '/')
$new = "$Target.new"
$previous = "$Target.previous"
if (Test-Path $new) {
    Remove-Item -Path $new -Recurse -Force
}
New-Item -ItemType Directory -Force -Path $new, (Join-Path $new 'config'), (Join-Path $Data 'config\jobs') | Out-Null
Copy-Item -Path (Join-Path $Published '*') -Destination $new -Recurse -Force
foreach ($shipped in 'models', 'demo', 'labels', 'job.schema.json') {
    Copy-Item -Path (Join-Path $Config $shipped) -Destination (Join-Path $new 'config') -Recurse -Force
}

# What is in hand is finished and published before the program is replaced.
$service = Get-Service -Name 'BatchInference' -ErrorAction SilentlyContinue
$wasRunning = $service -and $service.Status -ne 'Stopped'
if ($wasRunning) {
    Stop-Service -Name 'BatchInference'
}

if (Test-Path $Target) {
    if (Test-Path $previous) {
        Remove-Item -Path $previous -Recurse -Force
    }
    try {
        Move-Item -Path $Target -Destination $previous
    }
    catch {
        if ($wasRunning) {
            Start-Service -Name 'BatchInference'
        }
        throw "$Target is in use, so the old program stays: $_ Close what runs from there and run this script again."
    }
}
Move-Item -Path $new -Destination $Target

# What the admin wrote is never touched.
foreach ($file in 'appsettings.json', 'jobs\demo.json') {
    $place = Join-Path (Join-Path $Data 'config') $file
    if (-not (Test-Path $place)) {
        Copy-Item -Path (Join-Path $Config $file) -Destination $place
    }
}
Copy-Item -Path (Join-Path $Config 'job.schema.json') -Destination (Join-Path $Data 'config') -Force

& (Join-Path $Target 'batch-inference.exe') install
if ($LASTEXITCODE -ne 0) {
    throw "batch-inference install ended with $LASTEXITCODE. Mend what it told and run this script again."
}
if ($wasRunning) {
    Start-Service -Name 'BatchInference'
}
