#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh -- puts grpc-js where run.sh looks for it; nothing is written into the tree.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${LODE_GRPCJS:-${XDG_CACHE_HOME:-$HOME/.cache}/lode/grpcjs}
command -v npm >/dev/null || { echo "npm is not installed: the grpc-js test will be skipped"; exit 0; }
mkdir -p "$cache"
cmp -s "$here/package.json" "$cache/package.json" && [ -d "$cache/node_modules/@grpc/grpc-js" ] && exit 0
cp "$here/package.json" "$cache/package.json"
npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts --loglevel=error ||
    echo "npm could not install grpc-js: its test will be skipped"
