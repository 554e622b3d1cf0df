#!/usr/bin/env bash
# Installs BatchInference as a service of systemd, without a package. May be run again at any time.
#   sudo bash install.sh                 installs, or mends an installation
#   sudo bash install.sh --upgrade       puts this version in place of the one that is there; the old one stays in /opt/batch-inference.previous
#   sudo bash install.sh --uninstall     removes the program; configuration, ledger and results stay (with --purge only results stay)
#   --published DIR   the published program (default: the folder `program` of the release that this script came with)
#   --root DIR        the file system to install into, to make an image
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
release=$(cd "$here/../.." && pwd)
root=/ does=install published=$release/program purge=()
while [ $# -gt 0 ]; do
  case "$1" in
    --upgrade) does=upgrade ;;
    --uninstall) does=uninstall ;;
    --purge) purge=(--purge) ;;
    --published) published=$2; shift ;;
    --root) root=$2; shift ;;
    -h|--help) sed -n '2,7s/^# \?//p' "$0"; exit 0 ;;
    *) echo "$0: there is no option $1. See --help." >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || { echo "Only root may do this: put sudo before it." >&2; exit 2; }
root=$(cd "$root" && pwd); at=${root%/}
program=$at/opt/batch-inference

if [ $does = uninstall ]; then
  [ -x "$program/batch-inference" ] || { echo "There is no $program/batch-inference: nothing to remove."; exit 0; }
  "$program/batch-inference" uninstall --root "$root" "${purge[@]}"
  rm -rf "$program" "$program.previous" "$at/usr/local/bin/batch-inference" "$at/usr/local/bin/batch-inference-as-service"
  exit 0
fi

[ -x "$published/batch-inference" ] || { echo "$published holds no program. Name the folder with --published, or make one: dotnet publish src/BatchInference.Worker -c Release -r linux-x64 --self-contained -o program" >&2; exit 2; }
if [ $does = upgrade ]; then
  [ -x "$program/batch-inference" ] || { echo "There is no $program to upgrade: run this without --upgrade." >&2; exit 2; }
fi

# The whole new program lies beside the old one before a rename puts it in its place.
rm -rf "$program.new"
install -d -m 0755 "$program.new" "$at/usr/local/bin" "$at/etc/batch-inference/jobs"
cp -rL --no-preserve=ownership "$published/." "$program.new/"
install -d "$program.new/config"
cp -rL --no-preserve=ownership "$release"/config/{models,demo,labels,job.schema.json} "$program.new/config/"
chmod -R u=rwX,go=rX "$program.new"
if [ -d "$program" ]; then
  rm -rf "$program.previous"
  mv "$program" "$program.previous"
fi
mv "$program.new" "$program"
ln -sfn /opt/batch-inference/batch-inference "$at/usr/local/bin/batch-inference"
install -m 0755 "$here/batch-inference-as-service" "$at/usr/local/bin/"

# What the admin wrote is never touched.
for file in appsettings.json jobs/demo.json; do
  [ -e "$at/etc/batch-inference/$file" ] || install -m 0644 "$release/config/$file" "$at/etc/batch-inference/$file"
done
ln -sfn /opt/batch-inference/config/job.schema.json "$at/etc/batch-inference/job.schema.json"

"$program/batch-inference" install --root "$root"
if [ -z "$at" ] && [ -d /run/systemd/system ]; then
  systemctl try-restart batch-inference
fi
