#!/bin/sh
# SPDX-License-Identifier: MIT
# regen.sh PLUGIN ROOT -- makes ROOT/gen/{google,grpc,lode} and ROOT/tests/support/gen anew.
# Needs protobuf-compiler, protobuf-c-compiler, libprotobuf-dev and libprotoc-dev.
set -eu

plugin=$1
root=$2
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
includes=${PROTO_INCLUDE:-/usr/include}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make DIR_OF_PROTOS OUT OPTIONS FILES...: messages by protobuf-c, the rest by Lode's plugin.
make() {
    protos=$1 out=$2 options=$3
    shift 3
    mkdir -p "$out"
    messages=$(printf '%s\n' "$@" | grep -v '_service\.proto$')
    # shellcheck disable=SC2086  # paths of protos hold no spaces
    protoc -I "$protos" -I "$here/proto" -I "$includes" --plugin=protoc-gen-lode="$plugin" \
        --lode_out="$options:$out" "$@"
    # shellcheck disable=SC2086
    protoc -I "$protos" -I "$here/proto" -I "$includes" --c_out="$out" $messages
}

# shellcheck disable=SC2046
make "$here/proto" "$work/gen" descriptor_set=lode/dump/v1/dump.proto \
    google/protobuf/descriptor.proto google/protobuf/duration.proto \
    google/protobuf/timestamp.proto \
    $(cd "$here/proto" && find lode grpc -name '*.proto' | LC_ALL=C sort)
# Only the plugin reads these, so they need no tables.
protoc -I "$includes" --c_out="$work/gen" google/protobuf/compiler/plugin.proto
# shellcheck disable=SC2046
make "$here/tests/support/proto" "$work/test" "" \
    $(cd "$here/tests/support/proto" && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)

mkdir -p "$root/gen" "$root/tests/support"
for part in google grpc lode; do
    rm -rf "$root/gen/$part"
    mv "$work/gen/$part" "$root/gen/$part"
done
rm -rf "$root/tests/support/gen"
mv "$work/test" "$root/tests/support/gen"
