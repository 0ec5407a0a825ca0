# SPDX-License-Identifier: MIT
"""Searches that mean harm: each has an answer in time, a result or a clear error, and memory stays bounded.

A limit of time is one that only a server without bounds reaches: sanitizers and other work on the machine must not.
"""
import json
import os
import random
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import h2_client  # noqa: E402
from product_common import Failure, Server, equal, main, poll, search_pb2, search_service_pb2  # noqa: E402,F401
from product_writers import seed_of_run  # noqa: E402

SLOW = int(os.environ.get("LODE_TEST_SLOW", "1"))
SECONDS = 10 * SLOW  # the ranking's budget is 1.5 of them
GROWTH = 384 << 20  # bytes; sanitizers take more for each piece, and keep it for a while
MIB = 1 << 20
N = 3000
WORDS = [a + b + c for a in ("ka", "ro", "mi", "sol", "ben") for b in ("ta", "li", "no", "ru") for c in ("x", "des", "ming")]

STRINGS = ("q", "cropMarker", "highlightPreTag", "highlightPostTag", "filter", "distinct", "matchingStrategy")
LISTS = ("attributesToRetrieve", "attributesToCrop", "attributesToHighlight", "attributesToSearchOn", "facets", "sort", "locales")
NUMBERS = ("offset", "limit", "page", "hitsPerPage", "cropLength", "rankingScoreThreshold")
FLAGS = ("showMatchesPosition", "showRankingScore", "showRankingScoreDetails", "showPerformanceDetails", "retrieveVectors")
MEMBERS = STRINGS + LISTS + NUMBERS + FLAGS + ("hybrid", "vector", "media", "personalize", "useNetwork")


def anonymous(server):
    """Bytes of anonymous memory."""
    with open("/proc/%d/status" % server.process.pid) as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon"))


class Target:
    """One server with documents of 60 words, and what it has answered so far."""

    def __init__(self):
        self.server = Server("--search-queue-size", "64", env={"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=16"})
        rng = random.Random(seed_of_run())
        self.server.write("PATCH", "/indexes/docs/settings", {
            "filterableAttributes": ["n", "kind", "_geo"], "sortableAttributes": ["n", "kind", "_geo"],
            "pagination": {"maxTotalHits": 100000}})
        self.server.write("POST", "/indexes/docs/documents?primaryKey=id", [
            {"id": i, "n": i % 100, "kind": rng.choice(WORDS), "title": " ".join(rng.choices(WORDS, k=6)),
             "text": " ".join(rng.choices(WORDS, k=30)), "_geo": {"lat": i % 90, "lng": i % 180}} for i in range(N)])
        self.before = anonymous(self.server)
        self.slowest = (0, "")

    def call(self, method, path, body, what):
        begun = time.monotonic()
        answer = self.server.http(method, path, body, {"Content-Type": "application/json"})
        seconds = time.monotonic() - begun
        self.slowest = max(self.slowest, (seconds, what))
        assert seconds < SECONDS, "%s took %.1f s" % (what, seconds)
        assert answer.json is not None, "%s: %d %r" % (what, answer.status, answer.body[:300])
        if answer.status != 200:
            assert 400 <= answer.status < 500, "%s: %d %r" % (what, answer.status, answer.body[:300])
            assert answer.json["code"] and answer.json["code"] != "internal", "%s: %s" % (what, answer.json)
            assert len(answer.body) < 32768, "%s: an error of %d bytes" % (what, len(answer.body))
        return answer

    def search(self, what, status=(200, 400), /, **body):
        answer = self.call("POST", "/indexes/docs/search", body, what)
        assert answer.status in ((status,) if isinstance(status, int) else status), "%s: %d %.300r" % (
            what, answer.status, answer.body)
        return answer.json

    def bounded(self, what):
        """What a burst has taken is given back, and the server is as it was."""
        now = anonymous(self.server)
        assert now - self.before < GROWTH, "%s: from %d to %d MiB" % (what, self.before >> 20, now >> 20)
        equal(self.search("a plain search", 200, q="kata", limit=1)["estimatedTotalHits"] > 0, True)


_target = []


def target():
    if not _target:
        _target.append(Target())
    return _target[0]


def nested(depth, opening="(", closing=")"):
    return opening * depth + "n = 1" + closing * depth


def test_deep_filters():
    t = target()
    for opening, closing in (("(", ")"), ("NOT ", ""), ("NOT (", ")")):
        t.search("depth 70", 200, filter=nested(70, opening, closing))
        for depth in (149, 150, 151, 1000, 100000):
            answer = t.search("depth %d of %r" % (depth, opening), filter=nested(depth, opening, closing))
            equal("code" in answer, depth > 150 or (depth > 70 and opening == "NOT ("), "%r %d" % (opening, depth))
            equal(answer.get("code", "invalid_search_filter"), "invalid_search_filter")
    t.search("only opened", 400, filter="(" * 100000)
    t.search("only closed", 400, filter=")" * 100000)
    t.search("arrays", 400, filter=json.loads("[" * 100 + "]" * 100))
    answer = t.call("POST", "/indexes/docs/search", b'{"filter":' + b"[" * 100000 + b"]" * 100000 + b"}", "100,000 brackets")
    equal(answer.status, 400)
    for joint in (" OR ", " AND "):
        t.search("20,000 conditions", filter=joint.join("n = %d" % i for i in range(20000)))
    t.search("IN 100,000", 200, filter="n IN [%s]" % ",".join(map(str, range(100000))))
    t.search("NOT IN texts", 200, filter="kind NOT IN [%s]" % ",".join("k%d" % i for i in range(50000)))
    t.search("arrays of 5,000", filter=[["n = %d" % i for i in range(5000)]] * 4)
    t.search("AND of OR", filter=" AND ".join("(n = %d OR kind = x%d)" % (i, i) for i in range(5000)))
    for wild in ("n = '" + "a" * MIB + "'", "n = " + "9" * MIB, "_geoRadius(1e308,-1e308,nan)", "_geoRadius(1,2,1e999)",
                 "_geoPolygon(%s)" % ",".join("[%d,%d]" % (i % 90, i % 180) for i in range(20000)),
                 "_geoBoundingBox([1,2],[3," + "4" * 5000 + "])", "n > -1e999999", "n 1e400 TO -1e400", "n =", "\\" * 1000,
                 "'" * 100001, '"' * 100001, "n EXISTS " * 10000, "a.b.c." * 100000 + " = 1", "kind STARTS WITH " + "x" * MIB,
                 "n = \0", "\0" * 1000, "kind = '\u202e\ufeff\U0010ffff'"):
        t.search("filter %.30r" % wild, filter=wild)
    t.bounded("filters")


def test_long_strings():
    """1 MiB in each member, of letters, of spaces, of brackets, of other scripts."""
    t = target()
    texts = ("a" * MIB, "a " * (MIB // 2), " " * MIB, '"' * MIB, "-" * MIB, "ab" * (MIB // 2), "漢" * (MIB // 3), "é" * (MIB // 2),
             "e\u0301" * (MIB // 3), "\u0301" * (MIB // 2), "\U0001f468\u200d" * (MIB // 7), "\0" * MIB, "-\"a" * (MIB // 3))
    for name in STRINGS + LISTS:
        for text in texts if name == "q" else texts[:4] + texts[-1:]:
            t.search("1 MiB of %.4r in %s" % (text, name), **{"q": "kata", "limit": 3, name: [text] if name in LISTS else text})
    t.bounded("long strings")
    for name in ("indexUid", "facetName", "facetQuery"):
        t.call("POST", "/indexes/docs/facet-search", {"facetName": "kind", name: "a" * MIB}, "facet search, " + name)
    t.call("POST", "/multi-search", {"queries": [{"indexUid": "a" * MIB}]}, "a long uid")
    equal(t.server.http("GET", "/indexes/docs/search?q=" + "a" * (MIB // 8)).status in (200, 400, 414, 431), True)
    t.search("tags of 1 MiB around every word", q="kata", limit=20, attributesToHighlight=["*"],
             highlightPreTag="<" * 65536, highlightPostTag=">" * 65536)
    t.bounded("long tags")


def test_many_terms():
    t = target()
    rng = random.Random(1)
    for strategy in ("last", "all", "frequency"):
        t.search("5,000 words", 200, q=" ".join(rng.choices(WORDS, k=5000)), matchingStrategy=strategy)
        t.search("2,000 phrases", 200, q=" ".join('"%s %s"' % tuple(rng.choices(WORDS, k=2)) for _ in range(2000)),
                 matchingStrategy=strategy)
        t.search("2,000 words taken out", 200, q=" ".join("-" + w for w in rng.choices(WORDS, k=2000)), matchingStrategy=strategy)
        t.search("a phrase of 900 words", 200, q='"' + " ".join(rng.choices(WORDS, k=900)) + '"', matchingStrategy=strategy)
        t.search("ten letters", 200, q="k r m s b k r m s b", matchingStrategy=strategy, showRankingScoreDetails=True)
        t.search("one word ten times", 200, q="kata " * 10, matchingStrategy=strategy, limit=1000)
    typos = [w[:2] + w[3:4] + w[2:3] + w[4:] + "q" for w in WORDS if len(w) > 6]
    t.search("all words mistyped", 200, q=" ".join(rng.choices(typos, k=10)), attributesToHighlight=["*"], attributesToCrop=["*"],
             showMatchesPosition=True, showRankingScoreDetails=True, limit=1000)
    t.search("joined words", 200, q=" ".join("".join(rng.choices(WORDS, k=2)) for _ in range(10)))
    t.bounded("terms")


def test_synonyms_of_synonyms():
    """100 synonyms of each word, of ten words each."""
    t = target()
    rng = random.Random(2)
    t.server.write("POST", "/indexes/syn/documents?primaryKey=id", [{"id": i, "t": " ".join(rng.choices(WORDS, k=30))}
                                                                    for i in range(500)])
    t.server.write("PATCH", "/indexes/syn/settings", {"synonyms": {
        w: [" ".join(rng.choices(WORDS, k=10)) for _ in range(100)] for w in WORDS}})
    for words in (WORDS[:10], WORDS[10:11] * 10):
        for strategy in ("last", "all", "frequency"):
            equal(t.call("POST", "/indexes/syn/search", {"q": " ".join(words), "matchingStrategy": strategy}, "synonyms").status, 200)
    t.bounded("synonyms")


def test_numbers():
    t = target()
    for name in NUMBERS:
        for value in (0, 1, 10**6, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**40, -1, -2**63, 1.5, 1e300,
                      "1", "", None, True):
            t.search("%s = %r" % (name, value), **{"q": "kata", name: value})
        for text in (b"1e999", b"-0", b"0.0", b"1e2", b"9" * 100000, b"NaN", b"-", b"01"):
            t.call("POST", "/indexes/docs/search", b'{"%s":%s}' % (name.encode(), text), "%s = %.20r" % (name, text))
        for text in ("18446744073709551615", "18446744073709551616", "-1", "%00", "9" * 1000, "1e3", "0x10", "+1", " 1"):
            t.call("GET", "/indexes/docs/search?%s=%s" % (name, urllib.parse.quote(text)), None, "?%s=%s" % (name, text[:30]))
    answer = t.search("far pages", 200, q="", page=2**63, hitsPerPage=2**63)
    equal((answer["hits"], answer["totalHits"]), ([], N))
    equal(len(t.search("all at once", 200, q="", limit=2**63)["hits"]), N)
    t.search("cut at every word", 200, attributesToCrop=["*"], cropLength=2**63, q="kata", limit=1000)
    t.bounded("numbers")


def test_long_lists():
    t = target()
    many = ["f%d" % i for i in range(5000)]
    for name in LISTS:
        for value in (many, ["*"] * 5000, ["title"] * 5000, ["n"] * 3000, ["n:asc"] * 5000, [""] * 5000, ["title:%d" % i for i in range(5000)],
                      ["_geoPoint(%d,%d):asc" % (i % 90, i % 90) for i in range(3000)], ["kind:desc", "n:asc"] * 1000, ["a.b." * 500] * 100,
                      ["_geoPoint(" * 1000], [], [None], [[]], [{}]):
            t.search("%d times %.15r in %s" % (len(value), value[:1], name), **{"q": "kata", name: value})
    t.bounded("lists")


def test_wrong_types():
    """Each member with each type: 200 or a 400 that names it."""
    t = target()
    for name in MEMBERS + ("doggo", "", "\0", "a" * 70000):
        for value in (None, True, 0, -1, 1.5, "", "x", [], ["x"], [1], [None], {}, {"x": 1}, [[["x"]]]):
            answer = t.search("%.20r = %r" % (name, value), **{name: value})
            if "code" in answer and name in MEMBERS:
                assert name in answer["message"] or "filter" in answer["code"] or "hybrid" in answer["message"].lower() or answer["code"] != \
                    "bad_request", "%s = %r: %s" % (name, value, answer)
    for body in (b"", b"null", b"[]", b"1", b'""', b"{", b"{}{}", b'{"q":1,"q":2}', b'{"q":"a","q":"b"}', b'{"q":"\xff\xfe"}',
                 b'{"q":"\\ud800"}', b'{"q":"\\udc00\\ud800"}', b'{"q":"a\0b"}', b'{"\xff":1}', b"\xef\xbb\xbf{}", b"\xff", b"\0",
                 b'{"q":"\xc0\x80"}', b'{"q":"\xed\xa0\x80"}', b'{"q":"\xf4\x90\x80\x80"}', b'{"filter":"n = \xff"}',
                 b'{"highlightPreTag":"\xff"}', b'{"sort":["\xff:asc"]}', b"{" * 100000, b'{"q":' * 100000, b'{"a":[' * 5000):
        answer = t.call("POST", "/indexes/docs/search", body, "body %.20r" % body)
        assert answer.status in (200, 400), "%.20r: %s" % (body, answer)
    for query in ("q=%FF%FE", "q=%00", "q=%C0%80", "q=%", "q=%G1", "q=a&q=b", "filter=%00", "filter=%FF", "sort=%FF", "facets=%00", "&&&&", "=",
                  "q", "q=%ED%A0%80", "limit=%FF", "&".join("q%d=1" % i for i in range(1000))):
        t.call("GET", "/indexes/docs/search?" + query, None, "?" + query[:30])
    t.bounded("types")


def test_hostile_grpc():
    """Bytes that are no UTF-8, enums from nowhere, and fields that no JSON could give."""
    t = target()
    good = search_pb2.SearchRequest(index_uid="docs", q="kata").SerializeToString()
    raws = [b"\x12\x02\xff\xfe", b"\x0a\x01\x00" + good, good + b"\x98\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\xff" * 100, b"\x12",
            good + b"\x7a\x03\xff\x00\x01", good + b"\x82\x01\x00" * 50000, good + b"\x0b" * 1000]
    raw = h2_client.Raw(t.server.port)
    for payload in raws:
        begun = time.monotonic()
        stream = raw.open(h2_client.grpc_headers("/lode.v1.Search/Find"))
        raw.data(stream, h2_client.message(payload), True, check_window=False)
        status = raw.finish(stream).grpc_status
        assert status in (0, 3, 13), "%.30r: %s" % (payload, status)
        assert time.monotonic() - begun < SECONDS
    raw.socket.close()
    for fields in ({"filter": b"\xff"}, {"filter": b"{"}, {"filter": b"[" * 100000}, {"matching_strategy": 99}, {"sort": ["a\0b"]},
                   {"ranking_score_threshold": float("nan")}, {"ranking_score_threshold": float("-inf")}, {"limit": 2**64 - 1},
                   {"facets": ["\0"]}, {"vector": b"\0"}, {"hybrid": b"[[["}, {"q": "a\0b"}, {"distinct": "\0"}, {"page": 2**64 - 1, "hits_per_page": 2**64 - 1}):
        try:
            t.server.grpc("Search.Find", index_uid="docs", **fields)
        except Failure as e:
            assert e.code == 3 or "malformed" in e.message, "%s: %s" % (fields, e)
    t.bounded("gRPC")


def test_multi_search():
    t = target()
    for n, wanted in ((1000, (200,)), (10000, (400,))):
        queries = [{"indexUid": "docs", "q": "", "limit": 1, "attributesToRetrieve": ["id"]}] * n
        begun = time.monotonic()
        for body in ({"queries": queries}, {"federation": {}, "queries": [{"indexUid": "docs", "q": "kata"}] * (n // 10 if n == 1000 else n)}):
            answer = t.server.http("POST", "/multi-search", body, timeout=60 * SLOW)
            assert answer.status in wanted, "%d queries: %d %.300r" % (n, answer.status, answer.body)
        print("        %d queries: %.1f s" % (n, time.monotonic() - begun))
    for body in ({"queries": [{}] * 10000}, {"queries": [None] * 10000}, {"queries": {}}, {"queries": None}, {}, {"federation": {}},
                 {"queries": [], "federation": {"limit": 2**63, "offset": 2**63}}, {"queries": [], "federation": {"facetsByIndex": {
                     "i%d" % i: ["x"] for i in range(5000)}}}, {"queries": [{"indexUid": "docs", "federationOptions": {"weight": 1e308}}] * 3,
                     "federation": {}}, {"queries": [{"indexUid": "docs"}], "federation": {"facetsByIndex": {"docs": ["n"] * 5000}}}):
        t.call("POST", "/multi-search", body, "multi-search %.60s" % json.dumps(body))
    t.bounded("multi-search")


def test_facets():
    t = target()
    for body in ({"facetName": "kind", "facetQuery": "k" * MIB}, {"facetName": "kind", "facetQuery": "\0"}, {"facetName": "\0"}, {"facetName": ""},
                 {"facetName": "kind", "filter": nested(100000)}, {"facetName": "kind", "q": "k " * 100000}, {"facetName": "a." * 100000},
                 {"facetName": ["kind"]}, {"facetName": "kind", "facetQuery": []}, {"facetName": "kind", "facetQuery": "-" * 1000 + '"' * 1001}):
        t.call("POST", "/indexes/docs/facet-search", body, "facet search %.60s" % json.dumps(body))
    for settings in ({"faceting": {"maxValuesPerFacet": 2**32}}, {"faceting": {"maxValuesPerFacet": 10**6}}):
        answer = t.server.http("PATCH", "/indexes/docs/settings", settings)
        assert answer.status in (202, 400), answer
    t.server.idle()
    t.search("all facets", 200, facets=["*"])
    t.bounded("facets")


def test_it_still_stands():
    t = target()
    print("        slowest: %.2f s, %s; anonymous memory from %d to %d MiB" % (
        *t.slowest, t.before >> 20, anonymous(t.server) >> 20))
    poll(lambda: anonymous(t.server) - t.before < GROWTH, "memory that comes back", timeout=5)
    t.server.stop()


if __name__ == "__main__":
    main(globals(), seconds=300 * SLOW)
