#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the model of the write barrier with Spin, and that each planted fault is found.
#   barrier_model.sh <work directory>
set -eu
model=$(cd "$(dirname "$0")" && pwd)/barrier.pml
work=$1
if ! command -v spin >/dev/null 2>&1; then
    echo "SKIPPED: spin is not installed, the barrier model was not checked"
    exit 77
fi
mkdir -p "$work"
cd "$work"

# One search over all states; prints Spin's count of errors.
check() {
    rm -f pan pan.* ./*.trail
    # shellcheck disable=SC2086
    spin $1 -a "$model" >spin.log
    cc -O2 -w -DSAFETY -DMEMLIM=1024 -o pan pan.c
    ./pan -m100000 >pan.log
    if grep -q 'max search depth too small\|out of memory' pan.log; then
        cat pan.log
        exit 1
    fi
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

errors=$(check "")
grep 'states, stored' pan.log
if [ "$errors" != 0 ]; then
    cat pan.log
    spin -k barrier.pml.trail -p -g "$model" | tail -60
    exit 1
fi
for plant in NO_WAIT SPLIT ACK_EARLY; do
    errors=$(check "-DPLANT_$plant")
    if [ "$errors" = 0 ]; then
        echo "the planted fault $plant was not found: the model proves nothing"
        exit 1
    fi
    echo "planted fault $plant: found"
done
