#!/usr/bin/env bash
# Runs a test binary as another person would, elsewhere and on another day. cargo calls it as its runner:
#
#   cargo test --config "target.'cfg(unix)'.runner = 'tests/other-day.sh'" --test it -- cli::
#
# TIDEGATE_TEST_DAY is another day than the one below; it needs `faketime` (apt-get install faketime).
set -euo pipefail
export TZ="${TIDEGATE_TEST_ZONE:-America/St_Johns}"
export HOME="$(mktemp -d)" USER=grace LOGNAME=grace COLUMNS=43 LANG=de_CH.UTF-8 HOSTNAME=rack-7
export TMPDIR="$HOME/temporary-files"
mkdir "$TMPDIR"
printf '[init]\n\tdefaultBranch = trunk\n[core]\n\texcludesFile = %s/ignored\n' "$HOME" > "$HOME/.gitconfig"
echo '*.yaml' > "$HOME/ignored"
# Tests measure how long they wait, and look at files that have just been written: neither is a matter of the day.
export FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
status=0
faketime "${TIDEGATE_TEST_DAY:-2028-02-29 23:59:30 UTC}" "$@" || status=$?
rm -rf "$HOME"
exit "$status"
