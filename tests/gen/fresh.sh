#!/bin/sh
# SPDX-License-Identifier: MIT
# fresh.sh PLUGIN ROOT -- what gen/regen.sh makes now must be what is committed, file for file.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$2/gen/regen.sh" "$1" "$work"
for part in gen/google gen/grpc gen/lode tests/support/gen; do
    diff -r "$2/$part" "$work/$part" >"$work/diff" || {
        head -n 40 "$work/diff"
        echo "$part is stale: build the target \"gen\" and commit what it makes"
        exit 1
    }
done
# Once more: the output may depend on nothing but its input.
"$2/gen/regen.sh" "$1" "$work/again"
diff -r "$work/gen" "$work/again/gen"
