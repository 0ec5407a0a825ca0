#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM CORPUS -- fuzzes for LODE_FUZZ_SECONDS (default 10) from the corpus; finds nothing or fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
"$1" -max_total_time="${LODE_FUZZ_SECONDS:-10}" -rss_limit_mb=1024 -timeout=5 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work/corpus" "$2" >"$work/log" 2>&1 || {
    tail -n 60 "$work/log"
    for f in "$work"/crash-* "$work"/timeout-* "$work"/oom-*; do
        [ -f "$f" ] && { echo "input, base64:"; base64 "$f"; }
    done
    exit 1
}
grep -E 'stat::number_of_executed_units|stat::average_exec_per_sec|cov:' "$work/log" | tail -n 3
