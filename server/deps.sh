#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh -- installs what is missing from Debian's packages: `server/deps.sh build|test|bench`.
# Quiet and fast when nothing is missing. Works as root or with sudo.
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config protobuf-compiler libprotobuf-dev libprotoc-dev protobuf-c-compiler
 libprotobuf-c-dev libutf8proc-dev libevent-dev libnghttp2-dev libleveldb-dev libzstd-dev zlib1g-dev libssl-dev ca-certificates"
tests="git clang clang-format clang-tidy libclang-rt-14-dev libcunit1-dev python3 python3-grpcio python3-protobuf python3-h2
 curl zstd strace e2fsprogs mount procps spin nodejs npm"
bench="nghttp2-client wrk nginx-light libgrpc++-dev protobuf-compiler-grpc g++ zstd time curl jq dpkg-dev
 groonga libxapian-dev sphinxsearch"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted="$build $tests" ;;
bench) wanted="$build $bench" ;;
*)
    echo "usage: server/deps.sh [build|test|bench]" >&2
    exit 2
    ;;
esac

missing=""
for package in $wanted; do
    case "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" in
    installed) ;;
    *)
        # Another provider is fine too: a node of one's own, say.
        case "$package" in
        nodejs) command -v node >/dev/null 2>&1 || missing="$missing $package" ;;
        npm) command -v npm >/dev/null 2>&1 || missing="$missing $package" ;;
        *) missing="$missing $package" ;;
        esac
        ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=""
elif command -v sudo >/dev/null 2>&1; then
    sudo="sudo"
else
    echo "deps.sh: these packages are missing and neither root nor sudo is here:$missing" >&2
    exit 1
fi
echo "deps.sh: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >/dev/null
# shellcheck disable=SC2086 -- a list of words is meant. Services of packages are not to be started.
$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends $missing >/dev/null
