#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM -- interop.js against a fresh server; tests/run.sh puts grpc-js into NODE_PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
if ! node -e 'require("@grpc/grpc-js"); require("@grpc/proto-loader")' 2>/dev/null; then
    echo "SKIPPED: node, @grpc/grpc-js or @grpc/proto-loader is not there (tests/run.sh gets them)"
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
    [ $n -lt 200 ] || { echo "the server did not start"; exit 1; }
    sleep 0.05
done
node "$here/interop.js" "$port" "$root/proto" "$root/tests/support/proto"
kill -TERM $server
wait $server # its status is 0 only if no call and no arena is left
