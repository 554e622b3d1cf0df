#!/usr/bin/env bash
# Makes the scans from the texts beside it: LibreOffice sets the pages, Poppler draws them, ImageMagick turns, spoils and packs them.
# Debian: libreoffice-writer-nogui poppler-utils imagemagick libtiff-tools img2pdf fonts-liberation
set -euo pipefail
cd "$(dirname "$0")"
convert=/usr/bin/convert
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
set_pages() { # text, font, size
  sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e '/./s#.*#<p>&</p>#' "$1.txt" > "$work/$1.html"
  sed -i "1i <html><head><meta charset=\"utf-8\"><style>p { font-family: '$2'; font-size: $3pt; text-align: justify }</style></head><body>" "$work/$1.html"
  soffice --headless "-env:UserInstallation=file://$work/office" --infilter="HTML (StarWriter)" --convert-to pdf:writer_pdf_Export --outdir "$work" "$work/$1.html" > /dev/null 2>&1
}
set_pages lettre "Liberation Sans" 11
set_pages rapport "Liberation Serif" 18
for text in lettre rapport; do pdftoppm -r 300 -gray -png "$work/$text.pdf" "$work/$text"; pdftoppm -r 150 -gray -png "$work/$text.pdf" "$work/$text-150"; done

$convert "$work"/lettre-1.png -threshold 60% -density 300 -units PixelsPerInch lettre-300dpi.png
$convert "$work"/lettre-1.png -rotate 90 -threshold 60% -density 300 -units PixelsPerInch lettre-couchee.png
$convert "$work"/lettre-150-1.png -seed 7 -attenuate 0.35 +noise Gaussian -colorspace Gray -density 150 -units PixelsPerInch -quality 60 lettre-150dpi-bruit.jpg
$convert "$work"/rapport-?.png -threshold 60% -density 300 -units PixelsPerInch -compress Group4 rapport.tif
$convert "$work"/rapport-?.png -seed 7 -attenuate 0.25 +noise Gaussian -colorspace Gray -blur 0x0.7 -density 300 -units PixelsPerInch -quality 30 "$work/grey-%d.jpg"
img2pdf -o rapport-gris.pdf "$work"/grey-?.jpg
$convert "$work"/rapport-?.png -threshold 60% -rotate 180 -density 300 -units PixelsPerInch -compress Group4 "$work/fax.tif"
tiff2pdf -o rapport-fax-renverse.pdf "$work/fax.tif"
