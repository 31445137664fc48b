#!/bin/sh
# Memory and processor of a daemon with many environments at rest, on the simulated cloud.
#
#   tests/bench/at-rest.sh [ENVIRONMENTS] [MINUTES] [PROGRAM]
#
# Declares so many copies of one shop, waits until the daemon has converged all of them, then measures for so many
# minutes, and prints: resident memory in MiB, processor in % of a core, bytes written. Needs Linux, git and python3.
set -eu
environments=${1:-1000}
minutes=${2:-3}
program=${3:-target/release/tidegate}
program=$(realpath "$program")
shop=$(realpath "$(dirname "$0")/../cases/plan/shop.yaml")
folder=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null || true; rm -rf "$folder"' EXIT INT TERM
daemon=

python3 - "$shop" "$folder" "$environments" <<'PYTHON'
import pathlib, re, sys
shop, folder, count = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2]), int(sys.argv[3])
place = folder / "repository" / "environments"
place.mkdir(parents=True)
for number in range(count):
    # Every environment has a cluster, a database, a gate and a site of its own.
    name = f"shop{number:04}"
    text = re.sub(r"\bshop\b(?!\.example)", name, shop)
    text = text.replace("https://shop.example", f"https://{name}.example")
    # A region has a hundred manual snapshots at most.
    text = text.replace("migration:\n", "migration:\n  snapshot: {take: false}\n")
    (place / f"{name}.yaml").write_text(text)
PYTHON
git -C "$folder/repository" init -q
git -C "$folder/repository" add .
git -C "$folder/repository" -c user.name=bench -c user.email=bench@localhost commit -qm shops

"$program" run --cloud sim --store "$folder/store" --repo "$folder/repository" > "$folder/log" 2>&1 &
daemon=$!
began=$(date +%s)
while [ "$(grep -c 'is as declared' "$folder/log")" -lt "$environments" ]; do
    kill -0 "$daemon" || { tail -20 "$folder/log"; exit 1; }
    [ $(($(date +%s) - began)) -lt 3600 ] || { echo "not converged after an hour"; tail -5 "$folder/log"; exit 1; }
    sleep 5
done
echo "converged $environments environments in $(($(date +%s) - began)) s"
sleep 30

ticks() { awk '{ print $14 + $15 }' "/proc/$daemon/stat"; }
written() { awk '/^write_bytes/ { print $2 }' "/proc/$daemon/io"; }
resident() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$daemon/status"; }
cpu=$(ticks) bytes=$(written) most=0 second=0
while [ "$second" -lt $((minutes * 60)) ]; do
    sleep 5
    second=$((second + 5))
    now=$(resident)
    [ "$now" -le "$most" ] || most=$now
done
hertz=$(getconf CLK_TCK)
awk -v ticks=$(($(ticks) - cpu)) -v hertz="$hertz" -v seconds=$((minutes * 60)) -v most="$most" \
    -v bytes=$(($(written) - bytes)) 'BEGIN {
    printf "at rest for %d s: %d MiB, %.1f %% of a core, %.1f MB written\n", seconds, most,
        100 * ticks / hertz / seconds, bytes / 1e6 }'
