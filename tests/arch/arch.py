#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""arch.py ROOT -- the house rules that a compiler does not hold.

The dependency table is server/CMakeLists.txt: a room includes its own headers, base, and the doors of
the rooms on its lode_room line. Third-party headers stand in one room each. Some calls are banned
outside base. A planted violation of each rule proves first that the rule can fail.
"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ALONE = {  # header prefix -> rooms that may include it
    "leveldb/": {"store"},
    "zstd": {"record", "http"},  # http: request and response bodies
    "nghttp2/": {"grpc"},
    "event2/": {"net"},
    "zlib": {"grpc", "http"},
    "openssl/": {"base"},
    "pthread.h": {"base"},
    "utf8proc": {"text"},
}
BANNED = "strcpy strcat sprintf strtok atoi malloc calloc realloc free rand time localtime fopen rename".split()
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
# Measuring programs stand outside the house: they may open files and free what the C library gave them.
BENCH_MAY = {"fopen", "free", "malloc", "calloc", "realloc", "rename"}
SYSTEM_ROOMS = ("lode", "grpc", "google", "protobuf-c")


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', lambda m: m.group(0) if "#include" in m.string[max(0, m.start() - 12):m.start()] else '""', text)


def table(cmake):
    rooms = {}
    for name, rest in re.findall(r"^lode_room\((\w+)([^)]*)\)", cmake, flags=re.M):
        depends = re.search(r"DEPENDS((?:\s+(?!LIBS)[\w]+)*)", rest)
        rooms[name] = set(depends.group(1).split()) if depends else set()
    return rooms


def check_source(room, path, text, rooms):
    """Yields complaints about one file of a room (path: for the message)."""
    for n, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not m:
            continue
        kind, target = m.groups()
        top = target.split("/")[0]
        if kind == '"':
            if "/" not in target:
                if not target.endswith((".h", ".def")):
                    yield f"{path}:{n}: {target}: include a door by its path"
                continue
            if top == room:
                continue
            if top in rooms:
                if top not in rooms[room] and top != "base":
                    yield f"{path}:{n}: {room} may not look into {top} (server/CMakeLists.txt)"
                elif target.endswith("_int.h"):
                    yield f"{path}:{n}: {target} is private to room {top}"
                continue
        if top in ("lode", "grpc", "google") and top not in rooms and "gen" not in rooms[room] and "record" not in rooms[room] and room != "pb":
            yield f"{path}:{n}: {room} may not use generated messages"
        for prefix, allowed in ALONE.items():
            if target.startswith(prefix) and room not in allowed:
                yield f"{path}:{n}: only {'/'.join(sorted(allowed))} may include {target}"


def check_banned(path, text, may=()):
    for n, line in enumerate(text.splitlines(), 1):
        m = BANNED_CALL.search(line)
        if m and m.group(1) not in may and not line.lstrip().startswith("#"):
            yield f"{path}:{n}: {m.group(1)}() is banned outside base"


def self_test(rooms):
    bad = [
        list(check_source("json", "x.c", '#include "net/net.h"', rooms)),
        list(check_source("net", "x.c", '#include "index/index_int.h"', rooms)),
        list(check_source("api", "x.c", '#include "index/index_int.h"', rooms)),
        list(check_source("json", "x.c", "#include <zstd.h>", rooms)),
        list(check_source("net", "x.c", "#include <lode/v1/tasks.pb-c.h>", rooms)),
        list(check_banned("x.c", strip_comments("p = malloc(3);"))),
    ]
    for i, found in enumerate(bad):
        if not found:
            sys.exit(f"arch.py: planted violation {i} was not seen: the check is blind")
    if list(check_banned("x.c", strip_comments("/* malloc(3) */ arena_free(a); log_time(x);"))):
        sys.exit("arch.py: a harmless line was refused")


def compile_alone(root, header, flags):
    run = subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", *flags,
                          "-x", "c", "-"], input=f'#include "{header}"\n', capture_output=True, text=True)
    return [] if run.returncode == 0 else [f"{header.relative_to(root)} does not compile alone:\n{run.stderr[:600]}"]


def main():
    root = Path(sys.argv[1]).resolve()
    rooms = table((root / "server/CMakeLists.txt").read_text())
    self_test(rooms)
    complaints = []
    names = {}
    server = root / "server"
    for room in sorted(rooms):
        folder = server / room
        if not folder.is_dir() or not list(folder.glob("*.c")):
            complaints.append(f"server/{room}: a room without sources")
            continue
        readme = folder / "README.md"
        if not readme.exists():
            complaints.append(f"server/{room}: no README.md")
        elif len(readme.read_text().splitlines()) > 60:
            complaints.append(f"server/{room}/README.md is longer than a short page")
        for path in sorted(folder.glob("*.[ch]")):
            text = strip_comments(path.read_text())
            rel = path.relative_to(root)
            complaints += check_source(room, rel, path.read_text(), rooms)
            if room != "base":
                complaints += check_banned(rel, text)
    for folder in [server] + [server / r for r in rooms]:
        for path in folder.glob("*.[ch]"):
            lines = path.read_text().splitlines()
            rel = path.relative_to(root)
            if "SPDX-License-Identifier: MIT" not in lines[0]:
                complaints.append(f"{rel}: no licence line")
            if len(lines) > 900:
                complaints.append(f"{rel}: {len(lines)} lines; look for the second subject")
            if path.name in names and path.name != "README.md":
                complaints.append(f"{rel}: the name is taken by {names[path.name]}")
            names[path.name] = rel
    for stray in server.iterdir():
        if stray.is_dir() and stray.name not in rooms:
            complaints.append(f"server/{stray.name}: no lode_room line names it")
    for path in list((root / "client").rglob("*.c")) + list((root / "benchmarks").rglob("*.c")) + list((root / "gen/plugin").glob("*.c")):
        rel = str(path.relative_to(root))
        may = BENCH_MAY if rel.startswith("benchmarks/") else ()
        complaints += check_banned(rel, strip_comments(path.read_text()), may)
    flags = ["-I" + str(server), "-I" + str(root / "gen"), "-I" + str(root / "client/lib")]
    headers = [h for r in rooms for h in (server / r).glob("*.h")] + list((root / "client/lib/lode").glob("*.h"))
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda h: compile_alone(root, h, flags), headers):
            complaints += found
    for top in subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, text=True).stdout.split("\n"):
        first = top.split("/")[0]
        if first and not first.startswith(".") and first not in (
                "CMakeLists.txt", "proto", "server", "client", "gen", "tests", "benchmarks", "README.md", "LICENSE"):
            complaints.append(f"{top}: not in the fixed top level")
    for c in complaints:
        print(c)
    print(f"{len(complaints)} complaints, {len(headers)} headers compiled alone, {len(rooms)} rooms")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
