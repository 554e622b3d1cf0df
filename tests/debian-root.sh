#!/usr/bin/env bash
# The package on a clean Debian: installs it, looks with doctor, runs a night, upgrades over it, removes, purges. Needs root, debootstrap and a Debian mirror.
#   bash tests/debian-root.sh [folder of a self-contained publish]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
debian=$work/debian
trap 'for mount in proc; do umount "$debian/$mount" 2> /dev/null || true; done; rm -rf "$work"' EXIT
step() { echo "== $*"; }
in_debian() { chroot "$debian" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
as_service() { in_debian setpriv --reuid batch-inference --regid batch-inference --init-groups "$@"; }

published=${1:-$work/published}
[ -x "$published/batch-inference" ] || bash "$root/install/publish.sh" linux-x64 "$published"
bash "$root/install/linux/build-deb.sh" --published "$published" --to "$work" --fast --version 1.0
bash "$root/install/linux/build-deb.sh" --published "$published" --to "$work" --fast --version 1.1

step "a clean Debian"
debootstrap --variant=minbase --include=ca-certificates,tzdata,libicu72,libssl3,init-system-helpers,passwd,zlib1g,libstdc++6 bookworm "$debian" > "$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
mount -t proc proc "$debian/proc"
# debconf writes logs and caches of its own; what is compared is what the package brought.
files() { (cd "$debian" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/cache/apt -o -path ./var/log -o -path ./var/lib/dpkg -o -path ./var/lib/systemd -o -path ./var/cache/ldconfig \) -prune -o -print | LC_ALL=C sort); }
files > "$work/before"

step "install"
cp "$work"/*_1.0_amd64.deb "$debian/tmp/"
in_debian dpkg --install /tmp/batch-inference_1.0_amd64.deb
[ "$(in_debian stat -c '%U %a' /var/lib/batch-inference)" = "batch-inference 750" ]
in_debian install -d -o batch-inference -g batch-inference /srv/results
sed -i -e 's/"enabled": false/"enabled": true/' -e 's#"folder": "results"#"folder": "/srv/results"#' "$debian/etc/batch-inference/jobs/demo.json"

step "doctor"
as_service batch-inference doctor --state /var/lib/batch-inference

step "a night"
as_service batch-inference run demo --limit 10 --state /var/lib/batch-inference
in_debian bash -c 'ls /srv/results/demo/_runs/*/_SUCCESS'

step "upgrade: what the admin wrote and the ledger stay"
cp "$work"/*_1.1_amd64.deb "$debian/tmp/"
in_debian dpkg --install --force-confold /tmp/batch-inference_1.1_amd64.deb
grep -q '"/srv/results"' "$debian/etc/batch-inference/jobs/demo.json"
as_service batch-inference status demo --state /var/lib/batch-inference | tee "$work/status"
grep -q 'completed' "$work/status"

step "remove: configuration, ledger and results stay"
in_debian dpkg --remove batch-inference
[ ! -e "$debian/usr/lib/batch-inference" ]
[ -e "$debian/etc/batch-inference/jobs/demo.json" ] && [ -n "$(ls "$debian/var/lib/batch-inference")" ]

step "purge: only the results and their account stay"
in_debian dpkg --purge batch-inference
rm -f "$debian"/tmp/*.deb
files | LC_ALL=C comm -13 "$work/before" - | grep -v '^./srv/results' > "$work/left" || true
# Copies that useradd and dpkg keep of their own tables.
grep -vE '^./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' "$work/left" > "$work/unexpected" || true
if [ -s "$work/unexpected" ]; then echo "left over:"; cat "$work/unexpected"; exit 1; fi
in_debian getent passwd batch-inference
[ -n "$(ls "$debian/srv/results/demo/jsonl")" ]
echo "the package keeps its policy"
