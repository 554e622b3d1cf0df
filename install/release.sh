#!/usr/bin/env bash
# Makes the files of a release in .artifacts/release/<version>-<flavor>: archives, package, SBOM (CycloneDX) and SHA256SUMS.
#   bash install/release.sh [--flavor cpu|cuda|directml]
# cpu       Linux (tar.gz, deb) and Windows (zip). Needs the .NET 10 SDK, dpkg-deb, zip.
# cuda      Linux (tar.gz). Needs also the package Microsoft.ML.OnnxRuntime.Gpu; the machine that runs it the driver, CUDA 12 and cuDNN 9.
# directml  Windows (zip). Needs also the package Microsoft.ML.OnnxRuntime.DirectML; the machine that runs it Windows 10 1903 or later and a DirectX 12 device.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
flavor=cpu
while [ $# -gt 0 ]; do
  case "$1" in
    --flavor) flavor=${2:-}; shift ;;
    -h|--help) sed -n '2,6s/^# \?//p' "$0"; exit 0 ;;
    *) echo "$0: there is no option $1. See --help." >&2; exit 2 ;;
  esac
  shift
done
case $flavor in
  cpu) systems=(linux-x64 win-x64) ;;
  cuda) systems=(linux-x64) ;;
  directml) systems=(win-x64) ;;
  *) echo "$0: --flavor is cpu, cuda or directml, not «$flavor»." >&2; exit 2 ;;
esac

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
to=$root/.artifacts/release/$version-$flavor
work=$root/.artifacts/release/work-$flavor
rm -rf "$to" "$work"; mkdir -p "$to" "$work"
lock=$root/src/BatchInference.Worker/packages.lock.json
# Other flavours are restored where they are published.
[ $flavor = cpu ] || lock=$work/packages.lock.json

for system in "${systems[@]}"; do
  bash "$root/install/publish.sh" "$system" "$work/$system" "$flavor" "$work/packages.lock.json" \
    || { echo "The flavour $flavor could not be built for $system. It needs: $(sed -n "s/^# $flavor *//p" "$0")" >&2; exit 1; }
  python3 "$root/install/sbom.py" "$lock" "$version" > "$work/sbom.cdx.json"
  case $system in
    linux-x64)
      name=batch-inference-$version-$flavor-linux-x64
      mkdir -p "$work/$name/install"
      mv "$work/$system" "$work/$name/program"
      cp -r "$root/config" "$work/$name/config"
      cp -r "$root/install/linux" "$root/install/grafana" "$work/$name/install/"
      cp "$root/install/README.md" "$work/$name/install/"
      cp "$work/sbom.cdx.json" "$work/$name/"
      tar -C "$work" --owner=0 --group=0 --sort=name -czf "$to/$name.tar.gz" "$name"
      [ $flavor != cpu ] || bash "$root/install/linux/build-deb.sh" --published "$work/$name/program" --to "$to"
      ;;
    win-x64)
      bash "$root/install/windows/build-zip.sh" --published "$work/$system" --to "$to"
      [ $flavor = cpu ] || mv "$to/batch-inference-$version-win-x64.zip" "$to/batch-inference-$version-$flavor-win-x64.zip"
      ;;
  esac
done

mv "$work/sbom.cdx.json" "$to/"
(cd "$to" && sha256sum -- * > SHA256SUMS)
rm -rf "$work"
ls -l "$to"
