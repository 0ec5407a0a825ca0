#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM -- interop.js against a fresh server.
#
# The packages stand outside the tree, where tests/run.sh puts them (install.sh):
# LODE_GRPCJS, or lode/grpcjs in the user's cache directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${LODE_GRPCJS:-${XDG_CACHE_HOME:-$HOME/.cache}/lode/grpcjs}
if ! command -v node >/dev/null || [ ! -d "$cache/node_modules/@grpc/grpc-js" ]; then
    echo "SKIPPED: node or @grpc/grpc-js is not installed (run $here/install.sh)"
    exit 77
fi
work=$(mktemp -d)
: >"$work/log"
"$1" >>"$work/log" &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
n=0
until port=$(sed -n 's/^listening //p' "$work/log") && [ -n "$port" ]; do
    n=$((n + 1))
    [ $n -lt 100 ] || { echo "the server did not start"; exit 1; }
    sleep 0.05
done
NODE_PATH="$cache/node_modules" node "$here/interop.js" "$port" "$root/proto" "$root/tests/support/proto"
kill -TERM $server
wait $server # its status is 0 only if no call and no arena is left
