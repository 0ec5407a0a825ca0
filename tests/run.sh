#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh -- installs what is missing, builds, and runs every test that fits in 25 minutes on two cores.
#
#   dev      ASan + UBSan: units, both doors, crash recipes, corpus replay, house rules
#   tsan     the tests that run threads
#   fuzz     every target for a few seconds, and its planted bug
#
# `tests/run.sh dev` runs one part. LODE_TEST_CACHE names a folder for builds and npm packages
# (default build-tests/ in the checkout, which git ignores). The last lines name what passed, failed
# and was skipped; the exit status is 0 only when nothing failed.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cache=${LODE_TEST_CACHE:-$here/build-tests}
parts=${*:-dev tsan fuzz}
"$here/server/deps.sh" test
mkdir -p "$cache"

# Foreign gRPC client for Node; the tests that want it skip, loudly, when it cannot be had.
if command -v npm >/dev/null 2>&1 && [ ! -d "$cache/npm/node_modules/@grpc/grpc-js" ]; then
    mkdir -p "$cache/npm"
    (cd "$cache/npm" && npm install --silent --no-audit --no-fund --prefix . @grpc/grpc-js@1 @grpc/proto-loader@0.8 \
        >"$cache/npm.log" 2>&1) || echo "run.sh: the npm packages could not be installed, see $cache/npm.log" >&2
fi
export NODE_PATH="$cache/npm/node_modules"
export LODE_TEST_CACHE="$cache"

failed_parts=""
: >"$cache/summary"
for part in $parts; do
    case "$part" in
    dev) options="-DLODE_PROFILE=dev" labels="" jobs=2 ;;
    tsan) options="-DLODE_PROFILE=tsan" labels="-L unit|threads" jobs=2 ;;
    fuzz) options="-DLODE_PROFILE=fuzz -DCMAKE_C_COMPILER=clang" labels="-L fuzz" jobs=2 ;;
    release) options="-DLODE_PROFILE=release" labels="" jobs=2 ;;
    *)
        echo "usage: tests/run.sh [dev] [tsan] [fuzz] [release]" >&2
        exit 2
        ;;
    esac
    echo "== $part: building" >&2
    # shellcheck disable=SC2086 -- options and labels are lists of words
    cmake -S "$here" -B "$cache/$part" -G Ninja $options -DLODE_WERROR=ON >"$cache/$part.configure.log" 2>&1 ||
        { cat "$cache/$part.configure.log"; echo "$part: configuring failed"; exit 1; }
    cmake --build "$cache/$part" >"$cache/$part.build.log" 2>&1 ||
        { grep -E "error|FAILED|warning" "$cache/$part.build.log" | head -n 50; echo "$part: the build failed, see $cache/$part.build.log"; exit 1; }
    echo "== $part: testing" >&2
    # shellcheck disable=SC2086
    (cd "$cache/$part" && ctest -j "$jobs" --output-on-failure $labels --output-junit "$cache/$part.xml") ||
        failed_parts="$failed_parts $part"
    python3 - "$cache/$part.xml" "$part" >>"$cache/summary" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
cases = tree.parse(sys.argv[1]).getroot().findall("testcase")
count = {"run": 0, "fail": 0, "notrun": 0}
for case in cases:
    count[case.get("status") if case.get("status") in count else "fail"] += 1
    if case.get("status") == "fail":
        print(f"FAILED  {sys.argv[2]}: {case.get('name')}")
    if case.get("status") == "notrun":
        print(f"SKIPPED {sys.argv[2]}: {case.get('name')}")
print(f"#{sys.argv[2]} {count['run']} {count['fail']} {count['notrun']}")
PYTHON
done

grep -v '^#' "$cache/summary" || true
awk '/^#/ { p += $2; f += $3; s += $4; printf "%s: %d passed, %d failed, %d skipped\n", substr($1, 2), $2, $3, $4 }
     END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit (f > 0 || p == 0) }' "$cache/summary"
[ -z "$failed_parts" ]
