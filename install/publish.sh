#!/usr/bin/env bash
# Publishes the program with its own .NET runtime:  bash install/publish.sh linux-x64|win-x64 DIR [cpu|cuda|directml [LOCK]]
# LOCK is a file to keep the lock file of that build in.
# Works on a copy of the sources, since a restore for one system would write into their lock files.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
system=$1 to=$(realpath -m "$2") flavor=${3:-cpu} lock=${4:-}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/config"
cp -r "$root/src" "$root/install" "$copy/"
commit=$(git -C "$root" rev-parse HEAD 2> /dev/null || true)
dotnet publish "$copy/src/BatchInference.Worker" -c Release -r "$system" --self-contained \
  -p:OrtFlavor="$flavor" -p:SourceRevisionId="$commit" -p:RestoreLockedMode=false -o "$to" -nologo -v quiet
if [ -n "$lock" ]; then
  kept=packages.lock.json
  [ "$flavor" = cpu ] || kept=packages.$flavor.lock.json
  cp "$copy/src/BatchInference.Worker/$kept" "$lock"
fi
