#!/usr/bin/env bash
# Makes batch-inference_<version>_amd64.deb.
#   bash install/linux/build-deb.sh                      publishes the program, then packs it into .artifacts/install
#   bash install/linux/build-deb.sh --published DIR      packs what was published to DIR before
#   --to DIR   another folder for the package;   --fast   packs quickly and larger, for tests;   --version V
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
to=$root/.artifacts/install published="" fast=0
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
while [ $# -gt 0 ]; do
  case "$1" in
    --published) published=$2; shift ;;
    --to) to=$2; shift ;;
    --version) version=$2; shift ;;
    --fast) fast=1 ;;
    -h|--help) sed -n '2,5s/^# \?//p' "$0"; exit 0 ;;
    *) echo "$0: there is no option $1" >&2; exit 2 ;;
  esac
  shift
done

if [ -z "$published" ]; then
  published=$root/.artifacts/install/linux-x64
  bash "$root/install/publish.sh" linux-x64 "$published"
fi

# The same sources give the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2> /dev/null || echo 0)}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022

install -d "$tree"/usr/{bin,lib,share/doc/batch-inference,share/batch-inference,share/lintian/overrides} "$tree"/lib/systemd/system "$tree"/etc/batch-inference/jobs "$tree"/DEBIAN
cp -rL --no-preserve=mode,ownership "$published" "$tree/usr/lib/batch-inference"
find "$tree/usr/lib/batch-inference" \( -name '*.pdb' -o -name 'BatchInference.*.xml' \) -delete
# A publish for every system carries the native libraries of all.
find "$tree/usr/lib/batch-inference/runtimes" -mindepth 1 -maxdepth 1 ! -name linux-x64 ! -name unix -exec rm -rf {} + 2> /dev/null || true
chmod 0755 "$tree/usr/lib/batch-inference/batch-inference"
[ ! -f "$tree/usr/lib/batch-inference/createdump" ] || rm "$tree/usr/lib/batch-inference/createdump"
ln -s ../lib/batch-inference/batch-inference "$tree/usr/bin/batch-inference"
install -m 0755 "$here/batch-inference-as-service" "$tree/usr/bin/"
cp -rL --no-preserve=mode,ownership "$root"/config/{models,demo,labels,job.schema.json} "$tree/usr/share/batch-inference/"
cp --no-preserve=mode "$root/config/appsettings.json" "$tree/etc/batch-inference/"
cp --no-preserve=mode "$root"/config/jobs/*.json "$tree/etc/batch-inference/jobs/"
ln -s /usr/share/batch-inference/job.schema.json "$tree/etc/batch-inference/job.schema.json"
cp --no-preserve=mode "$here/batch-inference.service" "$tree/lib/systemd/system/"
cp --no-preserve=mode "$here/deb/copyright" "$tree/usr/share/doc/batch-inference/"
cp --no-preserve=mode "$root/install/README.md" "$tree/usr/share/doc/batch-inference/README.md"
cp --no-preserve=mode "$root/config/README.md" "$tree/usr/share/doc/batch-inference/configuration.md"
cp -r --no-preserve=mode "$root/install/grafana" "$tree/usr/share/doc/batch-inference/"
[ ! -f "$published/../sbom.cdx.json" ] || cp --no-preserve=mode "$published/../sbom.cdx.json" "$tree/usr/share/doc/batch-inference/"
cp --no-preserve=mode "$here/deb/lintian-overrides" "$tree/usr/share/lintian/overrides/batch-inference"
printf 'batch-inference (%s) stable; urgency=medium\n\n  * Release %s.\n\n -- BatchInference maintainers <maintainers@batch-inference.invalid>  %s\n' \
  "$version" "$version" "$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" -R)" | gzip -9n > "$tree/usr/share/doc/batch-inference/changelog.gz"

sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$tree" | cut -f1)/" "$here/deb/control" > "$tree/DEBIAN/control"
(cd "$tree" && find etc -type f -printf '/%p\n' | LC_ALL=C sort) > "$tree/DEBIAN/conffiles"
(cd "$tree" && find etc lib usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"
install -m 0755 "$here"/deb/{postinst,prerm,postrm} "$tree/DEBIAN/"
find "$tree" -type d -exec chmod 0755 {} +
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$to"
pack=(-Zxz); [ $fast = 0 ] || pack=(-Zgzip -z1)
dpkg-deb --root-owner-group "${pack[@]}" --build "$tree" "$to/batch-inference_${version}_amd64.deb" > /dev/null
echo "$to/batch-inference_${version}_amd64.deb"
