#!/usr/bin/env bash
# The release on a clean Debian, as an admin has it: the commands of install/README.md one after the other, an upgrade, removal, purge; by the package, then by the archive. Needs root and debootstrap; the mirror is that of this machine's apt.
#   bash tests/debian-root.sh [folder of a release, as install/release.sh made it]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
debian=$work/debian
trap 'umount "$debian/proc" 2> /dev/null || true; rm -rf "$work"' EXIT
step() { echo "== $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
in_debian() { chroot "$debian" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"; }
# apt and dpkg tell their steps only when one fails.
quietly() { "$@" > "$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }; }
as_service() { in_debian sudo -u batch-inference "$@"; }
expect() { [ "$1" = "$2" ] || fail "expected «$2», found «$1»"; }

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
release=${1:-}
if [ -z "$release" ]; then
  release=$root/.artifacts/release/$version-cpu
  quietly bash "$root/install/release.sh" --flavor cpu
fi

step "a clean Debian"
export PATH=$PATH:/usr/sbin
read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' | awk '$3 == "Debian" && $4 == "main" && $2 !~ /-/ { print $1, $2 }') || fail "this machine's apt names no mirror of Debian"
quietly debootstrap --variant=minbase --include=ca-certificates "$suite" "$debian" "$mirror"
mount -t proc proc "$debian/proc"
echo 'APT::Get::Assume-Yes "true";' > "$debian/etc/apt/apt.conf.d/90test"
# What the package needs is Debian's and stays; what is compared below is what the package itself brought.
quietly in_debian apt-get update
quietly in_debian apt-get install sudo systemd
quietly in_debian apt-get satisfy "$(dpkg-deb --field "$release/batch-inference_${version}_amd64.deb" Depends)"
in_debian groupadd archive-readers
echo "127.0.0.1 localhost $(hostname)" > "$debian/etc/hosts"
files() { (cd "$debian" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./root -o -path ./srv -o -path ./var/cache/apt -o -path ./var/lib/apt -o -path ./var/log/apt -o -path ./var/lib/dpkg -o -path ./var/lib/systemd -o -path ./var/cache/ldconfig \) -prune -o -print | LC_ALL=C sort); }
files > "$work/before"
cp -r "$root/config/demo/documents/2026" "$debian/srv/archive"

# The blocks of commands of one chapter of install/README.md, each on one line.
commands() { awk -v chapter="## $1" '/^## / { here = $0 == chapter } here && /^ *```sh/ { inside = 1; next } /^ *```/ { inside = 0 } here && inside { sub(/^ +/, ""); print }' "$root/install/README.md"; }
# What the table of the chapter says to do as the service's account.
of_table() { sed -n '/^| to | do |/,/^$/p' "$root/install/README.md" | grep -oE '`sudo batch-inference-as-service [^`]*`' | tr -d '`'; }
run_as_written() { echo "\$ $1"; echo canary-5e1fe7 | in_debian bash -ec "cd /root/release && $1" > "$work/log" 2>&1 || { cat "$work/log"; fail "$1"; }; }
# Each of its commands by one of the two ways to install; what an admin writes with an editor is written between.
as_the_readme_says() {
  rm -rf "$debian/root/release"; cp -r "$release" "$debian/root/release"
  local command
  while read -r command; do
    case "$command" in
      *'apt install'*) [ "$1" = package ] || continue ;;
      tar*|*install.sh*) [ "$1" = archive ] || continue ;;
    esac
    # Nothing can be started where systemd does not run.
    run_as_written "${command/ --now/}"
    case "$command" in
      *archives.json*) sed -i -e 's#"enabled": false#"enabled": true, "schedule": [ { "opens": "20:00", "closes": "06:00", "timeZone": "Europe/Paris" } ]#' -e 's#"folder": "results"#"folder": "/srv/results"#' -e 's#${shipped}/demo/documents#/srv/archive#' "$debian/etc/batch-inference/jobs/archives.json" ;;
    esac
  done < <(commands "Verify the release"; commands Linux)
  while read -r command; do run_as_written "$command"; done < <(of_table)
  ls "$debian"/srv/results/archives/_runs/*/_SUCCESS > /dev/null
}
# What of the installation is there now and was not before; copies that useradd keeps of its tables aside.
left_over() { files | LC_ALL=C comm -13 "$work/before" - | grep -vE '^./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^./var/(log/(lastlog|faillog|btmp|wtmp)|mail|spool)' || true; }
program_removed() { [ ! -e "$debian/usr/lib/batch-inference" ] && [ ! -e "$debian/opt/batch-inference" ] || fail "the program is still there"; }

step "by the package, as install/README.md says"
as_the_readme_says package
expect "$(in_debian stat -c '%U:%G %a' /var/lib/batch-inference)" "batch-inference:batch-inference 750"
expect "$(in_debian stat -c '%U:%G %a' /etc/batch-inference/secrets/AZURE_STORAGE_SAS_TOKEN)" "root:root 600"
expect "$(in_debian systemctl is-enabled batch-inference)" enabled
grep -q 'ReadWritePaths=-"/srv/results"' "$debian/etc/systemd/system/batch-inference.service.d/10-jobs.conf"
# What the service's account may not read itself, it has when it is started by root.
as_service test ! -r /etc/batch-inference/secrets/AZURE_STORAGE_SAS_TOKEN
echo unused > "$debian/etc/batch-inference/secrets/read-me.txt"
printf '#!/bin/sh\nid -un; pwd; printenv AZURE_STORAGE_SAS_TOKEN; echo "$@"\n' > "$debian/usr/sbin/batch-inference"; chmod +x "$debian/usr/sbin/batch-inference"
expect "$(in_debian batch-inference-as-service status archives | tr '\n' ' ')" "batch-inference / canary-5e1fe7 status archives --state /var/lib/batch-inference --config /etc/batch-inference "
rm "$debian/usr/sbin/batch-inference" "$debian/etc/batch-inference/secrets/read-me.txt"
grep -q 'LoadCredential=AZURE_STORAGE_SAS_TOKEN:' "$debian/etc/systemd/system/batch-inference.service.d/10-jobs.conf"

step "a job that writes elsewhere and a new secret: doctor tells what the unit lacks until install is run again"
in_debian install -d -o batch-inference -g batch-inference -m 0750 /srv/elsewhere
sed -i 's#"/srv/results"#"/srv/elsewhere"#' "$debian/etc/batch-inference/jobs/archives.json"
install -m 0600 /dev/null "$debian/etc/batch-inference/secrets/BATCHINFERENCE_SMTP_PASSWORD"
if in_debian batch-inference-as-service doctor > "$work/log" 2>&1; then fail "doctor calls a unit good that does not let a job write"; fi
grep -q '"/srv/elsewhere" is not opened to the service' "$work/log" && grep -q 'The service gets no BATCHINFERENCE_SMTP_PASSWORD yet' "$work/log" || { cat "$work/log"; fail "doctor does not tell what the unit lacks"; }
quietly in_debian batch-inference install
quietly in_debian batch-inference-as-service doctor
sed -i 's#"/srv/elsewhere"#"/srv/results"#' "$debian/etc/batch-inference/jobs/archives.json"
rm -r "$debian/etc/batch-inference/secrets/BATCHINFERENCE_SMTP_PASSWORD" "$debian/srv/elsewhere"
quietly in_debian batch-inference install

step "an upgrade whose own configuration changed: what the admin wrote and the ledger stay"
dpkg-deb --raw-extract "$release/batch-inference_${version}_amd64.deb" "$work/newer"
sed -i "s/^Version: .*/Version: $version+1/" "$work/newer/DEBIAN/control"
echo '// A newer example.' >> "$work/newer/etc/batch-inference/jobs/demo.json"
quietly dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/newer" "$debian/root/release/newer.deb"
sed -i 's/"sentences": 2/"sentences": 3/' "$debian/etc/batch-inference/jobs/demo.json"
settled=$(as_service batch-inference status archives --state /var/lib/batch-inference)
quietly in_debian apt-get install -o Dpkg::Options::=--force-confold /root/release/newer.deb
expect "$(in_debian dpkg-query -f '${Version}' -W batch-inference)" "$version+1"
grep -q '"sentences": 3' "$debian/etc/batch-inference/jobs/demo.json"
[ -e "$debian/etc/batch-inference/jobs/demo.json.dpkg-dist" ] || fail "the newer example is not beside the admin's file"
expect "$(as_service batch-inference status archives --state /var/lib/batch-inference)" "$settled"
expect "$(in_debian systemctl is-enabled batch-inference)" enabled
as_service batch-inference run archives --state /var/lib/batch-inference 2> /dev/null | tee "$work/second"
grep -q 'othing to do' "$work/second" || fail "the upgraded program does settled documents again"

step "removed: configuration, ledger and results stay"
quietly in_debian apt-get remove batch-inference
program_removed
[ -e "$debian/etc/batch-inference/jobs/archives.json" ] && [ -e "$debian/var/lib/batch-inference/ledger.db" ] && [ -n "$(ls "$debian/srv/results/archives/jsonl")" ] || fail "something of the admin's is gone"

step "purged: only the results and their account stay"
mkdir -p "$debian/var/lib/batch-inference/results/letters/_runs"
quietly in_debian apt-get purge batch-inference
[ "$(ls "$debian/var/lib/batch-inference")" = results ] || fail "results inside the folder of the state are gone, or more than they stayed"
rm -r "$debian/var/lib/batch-inference"
expect "$(left_over)" ""
in_debian getent passwd batch-inference > /dev/null
[ -n "$(ls "$debian/srv/results/archives/jsonl")" ]
rm -r "$debian/srv/results"

step "by the archive, as install/README.md says"
as_the_readme_says archive
expect "$(in_debian systemctl is-enabled batch-inference)" enabled
step "upgraded in its place"
quietly in_debian bash "/root/release/batch-inference-$version-cpu-linux-x64/install/linux/install.sh" --upgrade
[ -x "$debian/opt/batch-inference.previous/batch-inference" ]
as_service batch-inference status archives --state /var/lib/batch-inference | grep -q complete
step "uninstalled: configuration, ledger and results stay"
quietly in_debian bash "/root/release/batch-inference-$version-cpu-linux-x64/install/linux/install.sh" --uninstall
program_removed
[ -e "$debian/etc/batch-inference/jobs/archives.json" ] && [ -e "$debian/var/lib/batch-inference/ledger.db" ]
step "uninstalled and purged: only the results and their account stay"
quietly in_debian bash "/root/release/batch-inference-$version-cpu-linux-x64/install/linux/install.sh"
quietly in_debian bash "/root/release/batch-inference-$version-cpu-linux-x64/install/linux/install.sh" --uninstall --purge
program_removed
expect "$(left_over)" ""
[ -n "$(ls "$debian/srv/results/archives/jsonl")" ]
echo "the package and the archive keep their policy"
