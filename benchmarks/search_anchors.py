# SPDX-License-Identifier: MIT
"""search_anchors.py -- groonga, Sphinx and Xapian on the same documents, from Debian's packages.

What each is given: title and overview searchable; groonga and Xapian also genres to filter by and price
to sort by, and the whole document to answer with. Sphinx stores nothing. Text is cut by each one's own
rules (groonga TokenBigram + NormalizerAuto, so that Latin text is cut into words).
"""
import json
import resource
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from harness import ROOT, AnonPeak, free_port, process_anon, timed

SCHEMA = """table_create Movies TABLE_HASH_KEY UInt32
column_create Movies title COLUMN_SCALAR ShortText
column_create Movies overview COLUMN_SCALAR Text
column_create Movies genres COLUMN_VECTOR ShortText
column_create Movies price COLUMN_SCALAR Float
column_create Movies json COLUMN_SCALAR Text
"""
INDEXES = """table_create Terms TABLE_PAT_KEY ShortText --default_tokenizer TokenBigram --normalizer NormalizerAuto
column_create Terms movies_title COLUMN_INDEX|WITH_POSITION Movies title
column_create Terms movies_overview COLUMN_INDEX|WITH_POSITION Movies overview
table_create Genres TABLE_PAT_KEY ShortText
column_create Genres movies_genres COLUMN_INDEX Movies genres
table_create Prices TABLE_PAT_KEY Float
column_create Prices movies_price COLUMN_INDEX Movies price
"""


def documents(path):
    with open(path, "rb") as f:
        for line in f:
            yield json.loads(line), line.rstrip(b"\n").decode()


def rows_file(args, data):
    """id, title, overview, genres, price, document: tab-separated, for programs that read no JSON."""
    path = args.work / (data.stem + ".tsv")
    if not path.exists():
        part = path.with_suffix(".part")
        with open(part, "w") as out:
            for d, line in documents(data):
                out.write("\t".join((str(d["id"]), d["title"], d["overview"], ",".join(d["genres"]), str(d["price"]), line)) + "\n")
        part.rename(path)
    return path


# ---- groonga -----------------------------------------------------------------------------------------

def groonga_row(d, line):
    return json.dumps({"_key": d["id"], "title": d["title"], "overview": d["overview"], "genres": d["genres"],
                       "price": d["price"], "json": line})


def groonga_dump(args, data):
    """What `groonga DB dump` prints of the documents: schema, rows, then the indexes."""
    path = args.work / (data.stem + ".grn")
    if not path.exists():
        part = path.with_suffix(".part")
        with open(part, "w") as out:
            out.write(SCHEMA + "load --table Movies\n[\n")
            for i, (d, line) in enumerate(documents(data)):
                out.write((",\n" if i else "") + groonga_row(d, line))
            out.write("\n]\n" + INDEXES)
        part.rename(path)
    return path


def groonga_restore(args, data, db):
    """Wall and cpu seconds and peak anonymous memory of `groonga < dump` into db (a folder)."""
    dump = groonga_dump(args, data)
    subprocess.run(["rm", "-rf", str(db)], check=True)
    db.mkdir()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(dump, "rb") as commands:
        proc = subprocess.Popen(["groonga", "-n", str(db / "db")], stdin=commands, stdout=subprocess.DEVNULL)
    with AnonPeak(lambda: process_anon(proc.pid)) as memory:
        proc.wait()
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if proc.returncode:
        sys.exit("groonga failed")
    return wall, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime), memory.peak


def groonga_online(args, rows, batch, db):
    """Cpu seconds of adding rows (JSON texts) in batches with the indexes present."""
    subprocess.run(["rm", "-rf", str(db)], check=True)
    db.mkdir()
    commands = db / "commands"
    with open(commands, "w") as out:
        out.write(SCHEMA + INDEXES)
        for i in range(0, len(rows), batch):
            out.write("load --table Movies\n[\n" + ",\n".join(rows[i:i + batch]) + "\n]\n")
    return timed(["sh", "-c", f"groonga -n '{db}/db' < '{commands}' > /dev/null"])


class Groonga:
    """A groonga HTTP server over db."""

    def __init__(self, db):
        self.port = free_port()
        self.proc = subprocess.Popen(["groonga", "-s", "--protocol", "http", "--bind-address", "127.0.0.1", "-p",
                                      str(self.port), "--log-path", str(db / "log"), str(db / "db")])
        for _ in range(500):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/d/status").read()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit("groonga did not start")

    def path(self, kind, query):
        args = {"table": "Movies", "limit": "20", "output_columns": "_key,json", "match_columns": "title||overview"}
        if kind == "prefix":
            *words, last = query.split()
            args["query"] = " ".join([*words, last + "*"])
        elif kind == "typo":
            del args["match_columns"]
            args["filter"] = f'fuzzy_search(title, "{query}") || fuzzy_search(overview, "{query}")'
        elif kind == "sorted":
            args["query"], args["filter"] = query[0], f'genres @ "{query[1]}"'
            args["sort_keys"] = "price"
        else:
            args["query"] = query
        return "/d/select?" + urllib.parse.urlencode(args)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait()


# ---- Sphinx ----------------------------------------------------------------------------------------------

def sphinx_index(args, data):
    """Wall and cpu seconds of its indexer over title and overview."""
    rows, home = rows_file(args, data), args.work / "sphinx"
    subprocess.run(["rm", "-rf", str(home)], check=True)
    home.mkdir()
    (home / "sphinx.conf").write_text(f"""
source movies {{
  type = tsvpipe
  tsvpipe_command = cut -f1-3,5 '{rows}' | awk -F'\\t' '{{ print $1 + 1 FS $2 FS $3 FS $4 }}' OFS='\\t'
  tsvpipe_field = title
  tsvpipe_field = overview
  tsvpipe_attr_float = price
}}
index movies {{
  source = movies
  path = {home}/movies
  dict = keywords
}}
indexer {{
  mem_limit = 512M
}}
""")
    return timed(["indexer", "--quiet", "--config", str(home / "sphinx.conf"), "movies"])


# ---- Xapian ------------------------------------------------------------------------------------------------

def xapian_program(args):
    program, source = args.work / "anchor_xapian", ROOT / "benchmarks/load/anchor_xapian.cc"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        flags = subprocess.run(["xapian-config", "--cxxflags", "--libs"], check=True, capture_output=True, text=True).stdout.split()
        subprocess.run(["g++", "-O2", "-std=c++17", str(source), "-o", str(program), *flags], check=True)
    return program


def xapian_database(args, data):
    """Built once (some minutes of work) and kept."""
    db = args.work / (data.stem + ".xapian")
    if not db.exists():
        print("building the Xapian anchor, once", file=sys.stderr)
        part = db.with_suffix(".part")
        subprocess.run(["rm", "-rf", str(part)], check=True)
        subprocess.run([str(xapian_program(args)), "index", str(part), str(rows_file(args, data))], check=True)
        part.rename(db)
    return db


def xapian_times(args, data, kind, queries):
    """Seconds of each query, in process."""
    text = "".join(("\t".join(q) if kind == "sorted" else q) + "\n" for q in queries)
    out = subprocess.run([str(xapian_program(args)), kind, str(xapian_database(args, data))], input=text, check=True,
                         capture_output=True, text=True).stdout
    return [float(line) for line in out.split()]
