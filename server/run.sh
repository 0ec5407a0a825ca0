#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh -- builds Lode (release, into build/) with what a bare Debian 12 can install, and starts the
# server. Arguments go to lode-server: `server/run.sh --db-path data.lode`; see `server/run.sh --help`.
# LODE_BUILD_ONLY=1 stops after the build.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
"$here/server/deps.sh" build
if [ ! -f "$here/build/build.ninja" ]; then
    cmake -S "$here" -B "$here/build" -G Ninja -DLODE_PROFILE=release -DLODE_TESTS=OFF >&2
fi
cmake --build "$here/build" >&2
[ -z "${LODE_BUILD_ONLY:-}" ] || exit 0
exec "$here/build/bin/lode-server" "$@"
