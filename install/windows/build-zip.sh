#!/usr/bin/env bash
# Makes batch-inference-<version>-win-x64.zip: program, configuration and scripts in the places that install.ps1 expects.
#   bash install/windows/build-zip.sh [--published DIR] [--to DIR]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
to=$root/.artifacts/install published=""
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
while [ $# -gt 0 ]; do
  case "$1" in
    --published) published=$2; shift ;;
    --to) to=$2; shift ;;
    -h|--help) sed -n '2,3s/^# \?//p' "$0"; exit 0 ;;
    *) echo "$0: there is no option $1" >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$published" ]; then
  published=$root/.artifacts/install/win-x64
  bash "$root/install/publish.sh" win-x64 "$published"
fi
mkdir -p "$to"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/install"
ln -s "$(realpath "$published")" "$tree/program"
ln -s "$root/config" "$tree/config"
ln -s "$here" "$tree/install/windows"
cp "$root/install/README.md" "$tree/install/"
ln -s "$root/install/grafana" "$tree/install/grafana"
zip_file=$(realpath "$to")/batch-inference-$version-win-x64.zip
rm -f "$zip_file"
(cd "$tree" && zip -qrX "$zip_file" . -x '*.pdb')
echo "$zip_file"
