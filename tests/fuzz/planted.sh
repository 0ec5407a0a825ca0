#!/bin/sh
# SPDX-License-Identifier: MIT
# planted.sh PROGRAM CORPUS -- the fuzzer must find the bug planted in PROGRAM; one that does not is blind.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
if "$1" -seed=1 -max_total_time=150 -rss_limit_mb=1024 -timeout=5 -artifact_prefix="$work/" "$work/corpus" "$2" \
    >"$work/log" 2>&1; then
    tail -n 5 "$work/log"
    echo "the planted bug was NOT found: this target does not reach what it should"
    exit 1
fi
if ! grep -q "planted bug" "$work/log"; then
    tail -n 40 "$work/log"
    echo "something crashed, but it was not the planted bug"
    exit 1
fi
echo "the planted bug was found"
