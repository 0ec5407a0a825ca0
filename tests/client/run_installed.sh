#!/bin/sh
# SPDX-License-Identifier: MIT
# run_installed.sh BUILD CC CFLAGS -- installs the client library to a temporary prefix and uses it
# as a stranger would: pkg-config and find_package, shared and static, headers in C and C++.
set -eu
build=$1
cc=$2
cflags=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --component client --prefix "$work/prefix" > "$work/install.log"
lib=$(dirname "$(find "$work/prefix" -name liblode.so)")
mv "$work/prefix" "$work/moved" # an installed tree may be moved
lib=$work/moved/${lib#"$work/prefix/"}
export PKG_CONFIG_PATH="$lib/pkgconfig"
export LD_LIBRARY_PATH="$lib"

# shellcheck disable=SC2046,SC2086 # flags are words
$cc $cflags -std=c99 -Wall -Wextra -Werror "$here/installed/program.c" -o "$work/shared" $(pkg-config --cflags --libs lode)
"$work/shared"
# shellcheck disable=SC2046,SC2086
$cc $cflags "$here/installed/program.c" -o "$work/static" $(pkg-config --cflags lode) "$lib/liblode.a" \
    $(pkg-config --static --libs lode | sed 's/-llode//')
LD_LIBRARY_PATH='' "$work/static"

for header in "$work/moved"/include/lode/client.h "$work/moved"/include/lode/v1/*.h; do
    # shellcheck disable=SC2046
    echo "#include \"$header\"" | $cc $(pkg-config --cflags lode) -std=c99 -Wall -Wextra -Werror -fsyntax-only -x c -
    # shellcheck disable=SC2046
    if command -v g++ > /dev/null; then
        echo "#include \"$header\"" | g++ $(pkg-config --cflags lode) -fsyntax-only -x c++ -
    fi
done

cmake -S "$here/installed" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_FLAGS="$cflags" > "$work/configure.log"
cmake --build "$work/build" > "$work/build.log" || { cat "$work/build.log"; exit 1; }
"$work/build/with_shared"
"$work/build/with_static"

# Only the library's own names are to be seen, in both libraries.
for kind in "-D $lib/liblode.so" "-g $lib/liblode.a"; do
    # shellcheck disable=SC2086
    nm --defined-only $kind | awk 'NF == 3 { print $3 }' |
        grep -vE '^(lode_|lode__|google__protobuf__|__asan|__odr_asan|__ubsan|_ZTS)|^(_init|_fini|_edata|_end|__bss_start)$' > "$work/foreign" || true
    if [ -s "$work/foreign" ]; then
        echo "foreign names in $kind:"
        head "$work/foreign"
        exit 1
    fi
done
echo "1 passed, 0 failed"
