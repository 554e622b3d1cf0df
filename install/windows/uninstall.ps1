<#
.SYNOPSIS
  Removes the service and the program. Configuration, ledger and results stay; with -Purge only the results stay.
.EXAMPLE
  powershell -ExecutionPolicy Bypass -File install\windows\uninstall.ps1
#>
[CmdletBinding()]
param(
    [string] $Target = (Join-Path $env:ProgramFiles 'BatchInference'),
    [switch] $Purge
)
$ErrorActionPreference = 'Stop'
$program = Join-Path $Target 'batch-inference.exe'
if (-not (Test-Path $program)) {
    Write-Output "There is no $($program): nothing to remove."
    return
}

if (Get-Service -Name 'BatchInference' -ErrorAction SilentlyContinue) {
    Stop-Service -Name 'BatchInference' -ErrorAction SilentlyContinue
}
if ($Purge) { & $program uninstall --purge } else { & $program uninstall }
if ($LASTEXITCODE -ne 0) {
    throw "batch-inference uninstall ended with $LASTEXITCODE."
}
foreach ($folder in $Target, "$($Target.TrimEnd('\', '/')).previous") {
    if (Test-Path $folder) {
        Remove-Item -Path $folder -Recurse -Force
    }
}
