#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh -- installs what is missing, builds, and runs every test that fits in 25 minutes on two cores.
#
#   dev      ASan + UBSan: units, both doors, crash recipes, corpus replay, house rules
#   tsan     what has threads again (label `threads`), watched for data races
#   release  the crash recipes, which count system calls
#   fuzz     every target for a few seconds, and its planted bug
#
# `tests/run.sh dev` runs one part. LODE_TEST_CACHE names a folder for builds and npm packages (default
# build-tests/ in the checkout, which git ignores). The last lines name what passed, failed and was
# skipped; the exit status is 0 only when nothing failed.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cache=${LODE_TEST_CACHE:-$here/build-tests}
parts=${*:-dev release fuzz tsan}
"$here/server/deps.sh" test
mkdir -p "$cache"

# Foreign clients for Node; the tests that want them skip, loudly, when they cannot be had.
if command -v npm >/dev/null 2>&1 && [ ! -d "$cache/npm/node_modules/meilisearch" ]; then
    mkdir -p "$cache/npm"
    (cd "$cache/npm" && npm install --silent --no-audit --no-fund --prefix . @grpc/grpc-js@1 @grpc/proto-loader@0.8 meilisearch@0.62 \
        >"$cache/npm.log" 2>&1) || echo "run.sh: the npm packages could not be installed, see $cache/npm.log" >&2
fi
export NODE_PATH="$cache/npm/node_modules"
export LODE_TEST_CACHE="$cache"

failed_parts=""
: >"$cache/summary"
for part in $parts; do
    case "$part" in
    dev) options="-DLODE_PROFILE=dev" labels="" targets=all ;;
    tsan) options="-DLODE_PROFILE=tsan" labels="-L threads" targets=all ;;
    fuzz) options="-DLODE_PROFILE=fuzz -DCMAKE_C_COMPILER=clang" labels="-L fuzz" targets=fuzz_programs ;;
    release) options="-DLODE_PROFILE=release" labels="-L crash" targets=crash_programs ;;
    *)
        echo "usage: tests/run.sh [dev] [tsan] [fuzz] [release]" >&2
        exit 2
        ;;
    esac
    log="$cache/$part.build.log"
    echo "== $part: building" >&2
    # shellcheck disable=SC2086 -- options and labels are lists of words
    if ! { cmake -S "$here" -B "$cache/$part" -G Ninja $options -DLODE_WERROR=ON &&
        cmake --build "$cache/$part" --target $targets; } >"$log" 2>&1; then
        grep -E "error|FAILED|warning:" "$log" | head -n 50 || true
        echo "FAILED  $part: the build, see $log" | tee -a "$cache/summary"
        echo "#$part 0 1 0" >>"$cache/summary"
        failed_parts="$failed_parts $part"
        continue
    fi
    echo "== $part: testing" >&2
    # shellcheck disable=SC2086
    (cd "$cache/$part" && ctest -j 2 --output-on-failure --no-tests=error $labels \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 --output-junit "$cache/$part.xml") || failed_parts="$failed_parts $part"
    python3 "$here/tests/summary.py" "$part" "$cache/$part.xml" >>"$cache/summary"
done

grep -v '^#' "$cache/summary" || true
awk '/^#/ { p += $2; f += $3; s += $4; printf "%s: %d passed, %d failed, %d skipped\n", substr($1, 2), $2, $3, $4 }
     END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit (f > 0 || p == 0) }' "$cache/summary"
[ -z "$failed_parts" ]
