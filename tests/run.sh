#!/usr/bin/env bash
# Builds everything and runs every test project; ends with one line `N passed, N failed`.
#   bash tests/run.sh            the ordinary run
#   bash tests/run.sh --long     also what takes long (kill tests in full counts, fuzzing in full, benchmarks' gates)
#   bash tests/run.sh Models …   only the projects whose name contains a word
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
long=0; words=()
for argument in "$@"; do
  case "$argument" in
    --long) long=1 ;;
    -h|--help) sed -n '2,5s/^# \?//p' "$0"; exit 0 ;;
    *) words+=("$argument") ;;
  esac
done
export BATCHINFERENCE_LONG_TESTS=$long
minutes=25; [ $long = 0 ] || minutes=120   # for each project

# The storage servers that tests start (npm), outside the tree, anew when their list changes. TestServer.cs looks there too.
servers=${XDG_CACHE_HOME:-$HOME/.cache}/batch-inference/test-servers
if ! cmp -s tests/servers/package-lock.json "$servers/installed.json"; then
  mkdir -p "$servers" && cp tests/servers/package.json tests/servers/package-lock.json "$servers" &&
    npm ci --prefix "$servers" --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error &&
    cp tests/servers/package-lock.json "$servers/installed.json" || { echo "The storage servers of tests/servers cannot be installed (Node.js and npm are needed)"; echo "0 passed, 1 failed"; exit 1; }
fi

dotnet build BatchInference.sln -c Release -nologo -v quiet -clp:NoSummary &&
  dotnet publish src/BatchInference.Worker -c Release -nologo -v quiet || { echo "0 passed, 1 failed"; exit 1; }

total=0 failed=0
for project in tests/BatchInference.*.Tests tests/BatchInference.EndToEnd; do
  name=$(basename "$project")
  if [ ${#words[@]} -gt 0 ]; then
    wanted=0
    for word in "${words[@]}"; do [[ "$name" == *"$word"* ]] && wanted=1; done
    [ $wanted = 1 ] || continue
  fi
  echo "== $name"
  results=.artifacts/test-results/$name.xml
  mkdir -p "$(dirname "$results")"; rm -f "$results"
  # A test that hangs is a failure, not a night lost.
  timeout --kill-after=10 "${minutes}m" dotnet ".artifacts/bin/$name/release/$name.dll" -noLogo -noColor -preEnumerateTheories -longRunning 60 -result-xml "$results"
  code=$?
  [ $code -ne 124 ] && [ $code -ne 137 ] || echo "$name was ended after $minutes minutes"
  if [ ! -s "$results" ]; then
    echo "$name ended with code $code and no results"; failed=$((failed + 1)); continue
  fi
  summary=$(grep -o '<assembly [^>]*>' "$results" | head -1)
  number() { grep -oE "(^| )$1=\"[0-9]+\"" <<<"$summary" | grep -oE '[0-9]+' | head -1; }
  total=$((total + $(number passed)))
  bad=$(( $(number failed) + $(number errors) + $(number skipped) ))
  failed=$((failed + bad))
  if [ $code -ne 0 ] && [ $bad -eq 0 ]; then echo "$name ended with code $code"; failed=$((failed + 1)); fi
done

# What is measured and has a limit that is no time: the same tokens as a bare loop, memory by size of model.
if [ $long = 1 ] && [ ${#words[@]} -eq 0 ]; then
  for benchmark in generate scale; do
    echo "== benchmark $benchmark"
    if dotnet .artifacts/bin/BatchInference.Benchmarks/release/BatchInference.Benchmarks.dll $benchmark; then total=$((total + 1)); else failed=$((failed + 1)); fi
  done
fi

# A release, and what becomes of it on the systems that it is for.
if [ $long = 1 ] && [ ${#words[@]} -eq 0 ]; then
  release=.artifacts/release/$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' src/Directory.Build.props)-cpu
  for step in "install/release.sh --flavor cpu" "tests/debian-root.sh $release" "tests/wine.sh $release"; do
    echo "== $step"
    # shellcheck disable=SC2086
    if bash $step; then total=$((total + 1)); else failed=$((failed + 1)); fi
  done
fi

if [ $long = 0 ]; then
  echo
  echo "What only --long runs:"
  printf '  - %s\n' \
    "Kill tests, fuzzing and large archives in their full counts" \
    "The benchmarks that have limits" \
    "A release for Linux and Windows, and the commands of install/README.md with it on a clean Debian: package, archive, upgrade, removal, purge" \
    "The release for Windows under wine: from a console, installed, as a service, removed"
fi
echo
echo "What cannot run on this machine and was therefore not tested:"
sed 's/^/  - /' tests/not-tested-here.txt
echo
echo "$total passed, $failed failed"
[ $failed -eq 0 ] && [ $total -gt 0 ]
