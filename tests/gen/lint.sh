#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh PLUGIN ROOT -- every bad/*.proto must be refused with exactly the lines after its "// want: ".
set -eu
plugin=$1
root=$2
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
n=0
for path in "$here"/bad/*.proto; do
    file=$(basename "$path")
    grep -q '^// want: ' "$path" || continue # a file that others import
    n=$((n + 1))
    sed -n 's|^// want: ||p' "$path" | sort >"$work/want"
    if protoc -I "$here/bad" -I "$root/proto" -I "${PROTO_INCLUDE:-/usr/include}" \
        --plugin=protoc-gen-lode="$plugin" --lode_out="$work" "$file" 2>"$work/out"; then
        echo "$file: was not refused"
        failed=1
        continue
    fi
    sed 's|^--lode_out: ||' "$work/out" | grep -v 'warning: ' | grep . | sort >"$work/got"
    diff "$work/want" "$work/got" >"$work/diff" || {
        echo "$file: refused in other words (< wanted, > said):"
        cat "$work/diff"
        failed=1
    }
done
# And the plugin must not take garbage for a request.
if printf 'garbage' | "$plugin" >"$work/out" 2>&1 && ! grep -q 'not a CodeGeneratorRequest' "$work/out"; then
    echo "garbage was taken for a request"
    failed=1
fi
echo "$n bad files"
[ "$n" -gt 10 ] || failed=1
exit $failed
