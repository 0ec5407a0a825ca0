# SPDX-License-Identifier: MIT
"""The records of a dump, read from outside: zstdcat and the format's description are all that is needed."""
import subprocess


def varint(raw, at):
    """A number of protobuf, and where the next thing begins."""
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def records(path):
    """Each record as it was packed."""
    got = subprocess.run(["zstdcat", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert got.returncode == 0, "zstdcat does not read %s: %s" % (path, got.stderr)
    at = 0
    while at < len(got.stdout):
        size, at = varint(got.stdout, at)
        assert at + size <= len(got.stdout), "the last record is cut"
        yield got.stdout[at:at + size]
        at += size
