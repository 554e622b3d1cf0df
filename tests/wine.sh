#!/usr/bin/env bash
# The release for Windows under wine: the demo from a console; then installed, started as a service, a small job done, stopped, uninstalled. Needs wine 8 or newer (Debian: wine, wine64).
#   bash tests/wine.sh [folder of a release, as install/release.sh made it | folder of a published program]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
export WINEPREFIX=$work/prefix WINEDEBUG=-all DISPLAY=
# Without this wine shows a window that asks whether to fetch what nobody needs.
export WINEDLLOVERRIDES=mshtml=
# .NET's code pages that are either written or run are too much for wine: the runtime would end with an error of its own.
export DOTNET_EnableWriteXorExecute=0
trap 'exec 9>&-; wineserver -k 2> /dev/null || true; rm -rf "$work"' EXIT
step() { echo "== $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
command -v wine > /dev/null || fail "wine is not installed (Debian: apt-get install wine wine64)"

published=${1:-}
if ls "$published"/*-win-x64.zip > /dev/null 2>&1; then
  unzip -q "$published"/*-win-x64.zip -d "$work/release"
elif [ -e "$published/batch-inference.exe" ]; then
  mkdir "$work/release"; ln -s "$(realpath "$published")" "$work/release/program"; ln -s "$root/config" "$work/release/config"
else
  mkdir "$work/release"; bash "$root/install/publish.sh" win-x64 "$work/release/program"; ln -s "$root/config" "$work/release/config"
fi

step "a Windows 10"
timeout 300 wineboot --init > /dev/null 2>&1
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f > /dev/null 2>&1
# Services get their environment from the system's.
wine reg add 'HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment' /v DOTNET_EnableWriteXorExecute /d 0 /f > /dev/null 2>&1
# Windows waits 30 seconds for a service to answer, wine 10, and starts programs more slowly.
wine reg add 'HKLM\SYSTEM\CurrentControlSet\Control' /v ServicesPipeTimeout /t REG_DWORD /d 60000 /f > /dev/null 2>&1
# What was begun with another version of Windows has to end first, or its services are forgotten.
wineserver -w
# As install.ps1 lays the files down.
drive=$WINEPREFIX/drive_c; program="$drive/Program Files/BatchInference" data=$drive/ProgramData/BatchInference
mkdir -p "$program/config" "$data/config/jobs"
cp -rL "$work/release/program/." "$program/"
cp -rL "$work"/release/config/{models,demo,labels,job.schema.json} "$program/config/"
cp "$work/release/config/appsettings.json" "$data/config/"
cp "$work/release/config/jobs/demo.json" "$data/config/jobs/"
# When nothing of Windows runs any more wine takes the services with it.
mkfifo "$work/open"; exec 9<> "$work/open"
wine cmd < "$work/open" > /dev/null 2>&1 &
batch_inference() { timeout 300 wine "$program/batch-inference.exe" "$@" 2> "$work/errors" | tr -d '\r' || { cat "$work/errors"; fail "batch-inference $*"; }; }

step "the demo from a console"
batch_inference run demo --limit 5 --output 'C:\results' | tee "$work/said"
grep -q 'did the 5 documents that it was asked for' "$work/said" && grep -q '5 completed' "$work/said" || { cat "$work/errors"; fail "the demo"; }
[ "$(cat "$drive"/results/demo/jsonl/*/*.jsonl | wc -l)" = 5 ]
batch_inference status demo | tee "$work/said"
grep -q 'others are left, .* 5 completed' "$work/said" || fail "status"
batch_inference doctor > "$work/said" || { cat "$work/said"; fail "doctor"; }
grep -q '^good  execution provider cpu: multilingual-e5-small/int8 answers' "$work/said" && grep -q ' → ' "$work/said" || { cat "$work/said"; fail "doctor"; }

step "cut off in the middle, while another wants the job: refused by name, put in order by the next, nothing twice"
timeout 300 wine "$program/batch-inference.exe" run demo --output 'C:\cut' > /dev/null 2>&1 &
for _ in $(seq 600); do ls "$drive"/cut/demo/jsonl/*/*.jsonl > /dev/null 2>&1 && break; sleep 0.1; done
code=0; timeout 300 wine "$program/batch-inference.exe" run demo --output 'C:\cut' > "$work/said" 2>&1 || code=$?
[ $code = 2 ] && grep -q 'is being run by' "$work/said" || { cat "$work/said"; fail "a second run of the job ended with $code"; }
wine taskkill /f /im batch-inference.exe > /dev/null 2>&1
wait $! || true
ls "$drive"/cut/demo/_runs/*/_SUCCESS > /dev/null 2>&1 && fail "the run had ended before it was cut off"
batch_inference run demo --output 'C:\cut' | tee "$work/said"
grep -q 'is complete' "$work/said" || { cat "$work/errors"; fail "the run after the cut"; }
cat "$drive"/cut/demo/jsonl/*/*.jsonl | sed 's/^{"document":"\([^"]*\)".*/\1/' | sort > "$work/rows"
[ "$(wc -l < "$work/rows")" -ge 80 ] && [ -z "$(uniq -d "$work/rows")" ] || fail "rows are missing or stand twice after the cut"
batch_inference run demo --output 'C:\cut' | grep -q 'othing to do' || fail "the third run had something to do"

step "a job that is open now"
mkdir -p "$drive/archive" && printf 'Le conseil municipal a adopté le budget. Les travaux de la piscine commenceront en mars.\n' > "$drive/archive/délibération.txt"
cat > "$data/config/jobs/letters.json" << JOB
{ "schedule": [ { "opens": "$(date -u -d '-2 hours' +%H:%M)", "closes": "$(date -u -d '+6 hours' +%H:%M)", "timeZone": "UTC" } ], "source": { "folder": { "path": "C:\\\\archive" } },
  "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "C:\\\\archived" } }
JOB

step "installed"
batch_inference install | tee "$work/said"
grep -q 'Making the source of the event log' "$work/said" || { cat "$work/errors"; fail "install"; }
state() { wine sc query BatchInference 2> /dev/null | tr -d '\r' | sed -n 's/.*STATE *: *[0-9] *//p'; }
until_is() { for _ in $(seq 100); do [ "$(state)" != "$1" ] || return 0; sleep 1; done; fail "the service is $(state), not $1"; }
[ "$(state)" = STOPPED ]

step "started: the night that is open is done"
# What sc returns says nothing under wine.
wine sc start BatchInference > /dev/null 2>&1 || true
until_is RUNNING
for _ in $(seq 180); do ls "$drive"/archived/letters/_runs/*/_SUCCESS > /dev/null 2>&1 && break; sleep 1; done
grep -q '"document":"délibération.txt".*"status":"completed"' "$drive"/archived/letters/jsonl/*/*.jsonl || { cat "$data"/logs/* 2> /dev/null; fail "the job of the service"; }
ls "$data"/logs/service-*.log > /dev/null && [ ! -e "$data/state/log" ] || fail "the log is not in the folder that the installation made"
[ -e "$data/state/ledger.db" ] || fail "the state is not in the folder of the service"

step "stopped"
wine sc stop BatchInference > /dev/null 2>&1 || true
until_is STOPPED

step "uninstalled: configuration, ledger and results stay"
batch_inference uninstall
[ -z "$(state)" ] || fail "the service is still registered"
[ -e "$data/config/jobs/letters.json" ] && [ -e "$data/state/ledger.db" ] && [ -d "$drive/archived/letters" ]
step "purged: only the results stay"
batch_inference uninstall --purge
[ ! -e "$data" ] && [ -d "$drive/archived/letters" ] || fail "purge"
echo "the release for Windows works under $(wine --version)"
