# SPDX-License-Identifier: MIT
"""A search sees one moment: while batches are indexed, replaced and deleted, settings change and dumps are written.

What the writer does keeps laws that every commit obeys, so an answer that mixes two of them breaks one. And a
search whose caller is gone stops.
"""
import http.client
import json
import os
import select
import socket
import threading
import time

import grpc
from product_common import Server, equal, main, poll, search_pb2
from product_dumps import check_file

SLOW = int(os.environ.get("LODE_TEST_SLOW", "1"))
GROUP = 30  # documents of one batch
WORDS = ("alpha", "bravo", "carol", "delta")


def batch(number, version):
    """A group: its documents all carry its number, the version, and whether that is even, in words and in members."""
    return [{"id": "g%d-%d" % (number, i), "group": number, "version": version, "even": version % 2 == 0,
             "title": "marker group%d %s" % (number, "even" if version % 2 == 0 else "odd"),
             "place": i, "text": " ".join(WORDS[(i + k) % 4] for k in range(version % 3 + 3))} for i in range(GROUP)]


class Searcher(threading.Thread):
    """Looks until told to stop; what breaks a law is kept."""

    def __init__(self, server, look):
        super().__init__(daemon=True)
        self.server, self.look = server, look
        self.n, self.wrong = 0, []
        self.over = threading.Event()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60 * SLOW)
        self.start()

    def ask(self, path, body):
        self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def search(self, index="docs", **body):
        status, answer = self.ask("/indexes/%s/search" % index, body)
        assert status == 200, "%s: %s" % (body, answer)
        return answer

    def run(self):
        try:
            while not self.over.is_set():
                self.look(self, self.n)
                self.n += 1
        except Exception as e:  # the test's own thread says so
            self.wrong.append("%s: %s" % (type(e).__name__, e))
        finally:
            self.connection.close()


def during(server, looks, work):
    """Does the work while there are searches; each kind must have been made while it went on."""
    searchers = [Searcher(server, look) for look in looks]
    try:
        work()
        # Also of what came out of it.
        for searcher in searchers:
            poll(lambda s=searcher, n=searcher.n: s.n > n or s.wrong, "a search")
    finally:
        for searcher in searchers:
            searcher.over.set()
        for searcher in searchers:
            searcher.join(120)
    equal([w for s in searchers for w in s.wrong], [], "searches that saw two moments, or an error")
    print("        %s searches" % [s.n for s in searchers])
    assert all(s.n >= 5 for s in searchers), "too few searches"


# ---- laws ---------------------------------------------------------------------------------------------------

def look_at_groups(s, n):
    """Whole groups only, each of one version: by words, by filter and by facets, which agree within an answer."""
    answer = s.search(q="marker", hitsPerPage=1000, page=1, facets=["group", "version", "even"])
    groups = {}
    for hit in answer["hits"]:
        groups.setdefault(hit["group"], []).append(hit)
    for number, hits in groups.items():
        equal(sorted(h["place"] for h in hits), list(range(GROUP)), "group %d is cut" % number)
        equal(len({h["version"] for h in hits}), 1, "group %d is of two versions" % number)
        equal({h["title"] for h in hits}, {batch(number, hits[0]["version"])[0]["title"]}, "words and members")
    equal(answer["totalHits"], len(answer["hits"]), "the total")
    equal(answer["facetDistribution"]["group"], {str(g): GROUP for g in groups}, "facets of the same moment")
    for facet in ("version", "even"):
        counts = {}
        for hit in answer["hits"]:
            key = json.dumps(hit[facet])
            counts[key] = counts.get(key, 0) + 1
        equal(answer["facetDistribution"][facet], counts, "facet " + facet)


def look_at_two_queries(s, n):
    """One multi-search is of one moment, whatever way its queries take to the same documents."""
    ways = ({"q": "marker"}, {"q": ""}, {"q": "marker", "filter": "place >= 0"}, {"filter": "group EXISTS"}, {"q": "mark", "sort": ["place:asc"]},
            {"q": "markre"})
    status, answer = s.ask("/multi-search", {"queries": [dict(w, indexUid="docs", hitsPerPage=1) for w in ways]})
    equal(status, 200, str(answer)[:500])
    totals = [r["totalHits"] for r in answer["results"]]
    equal(len(set(totals)), 1, "totals of one moment: %s" % totals)
    equal(totals[0] % GROUP, 0, "half a batch")


def look_at_parity(s, n):
    """Words say what members say: the old version's words are gone in the moment in which the new one is there."""
    word, other = (("even", "odd"), ("odd", "even"))[n % 2]
    answer = s.search(q='"%s"' % word, hitsPerPage=1000, page=1, facets=["even"], attributesToSearchOn=["title"])
    equal({h["even"] for h in answer["hits"]} - {word == "even"}, set(), "a replaced document is found")
    counts = answer["facetDistribution"]["even"]
    equal(counts, {json.dumps(word == "even"): answer["totalHits"]} if answer["totalHits"] else {}, "facets")
    equal(answer["totalHits"] % GROUP, 0, "half a batch")
    equal(s.search(q='"%s"' % word, filter="even = %s" % json.dumps(word != "even"), attributesToSearchOn=["title"])["hits"], [])


# ---- tests ----------------------------------------------------------------------------------------------------

def prepare(server, **more):
    server.write("PATCH", "/indexes/docs/settings", dict({
        "filterableAttributes": ["group", "version", "even", "place"], "sortableAttributes": ["place"],
        "pagination": {"maxTotalHits": 100000}, "faceting": {"maxValuesPerFacet": 1000}}, **more))
    server.write("POST", "/indexes/docs/documents?primaryKey=id", batch(0, 0))


def churn(server, rounds, wait=True):
    """Adds, replaces, updates and deletes whole groups."""
    uids = []
    for r in range(rounds):
        ops = [("POST", "", batch(r % 7, r)), ("POST", "", batch((r + 3) % 7, r + 1)),
               ("PUT", "", [dict(d, extra=r) for d in batch((r + 5) % 7, r + 2)])]
        if r % 3 == 2:
            ops.append(("POST", "/delete-batch", [d["id"] for d in batch((r + 1) % 7, 0)]))
        if r % 5 == 4:
            ops.append(("POST", "/delete", {"filter": "group = %d" % ((r + 2) % 7)}))
        for method, tail, body in ops:
            uids.append(server.http(method, "/indexes/docs/documents" + tail, body).json["taskUid"])
            if wait and len(uids) % 4 == 0:
                server.wait_task(uids[-1])
    server.idle()
    equal([t["uid"] for t in server.get("/tasks?statuses=failed")["results"]], [])


def test_batches_are_seen_whole():
    with Server() as server:
        prepare(server)
        during(server, [look_at_groups, look_at_two_queries, look_at_parity], lambda: churn(server, 25))


def test_dumps_change_nothing():
    """Dumps are written all the time; searches are not held up, and none of them fails."""
    with Server() as server:
        prepare(server)

        def work():
            for r in range(4):
                uid = server.http("POST", "/dumps").json["uid"]
                churn(server, 4, wait=False)
                equal(server.wait_dump(uid)["status"], "done")
                check_file(os.path.join(server.dumps, uid + ".dump"))

        during(server, [look_at_groups, look_at_parity], work)


def test_searches_while_a_dump_holds_the_queue():
    """The barrier stands: writes wait, searches do not."""
    with Server("--fault", "dump_before_read=pause") as server:
        prepare(server)
        uid = server.http("POST", "/dumps").json["uid"]
        server.wait_paused("dump_before_read")
        task = server.http("POST", "/indexes/docs/documents", batch(1, 1)).json["taskUid"]
        for _ in range(5):
            answer = server.http("POST", "/indexes/docs/search", {"q": "marker", "hitsPerPage": 1})
            equal(answer.json["totalHits"] % GROUP, 0)
        server.release_faults()
        equal(server.wait_dump(uid)["status"], "done")
        server.wait_task(task)
        equal(server.http("POST", "/indexes/docs/search", {"q": "marker", "hitsPerPage": 1}).json["totalHits"], 2 * GROUP)


SEARCHABLE = (["title", "text"], ["text"], ["*"], ["title"])
FILTERABLE = (["group"], ["group", "place", "version", "even"], ["place"])
RULES = (["words", "typo"], ["place:desc", "words"], ["words", "place:asc"])


def look_at_old_or_new(s, n):
    """The settings change all the time; these answers depend on them, but there are only so many."""
    total = 4 * GROUP
    answer = s.search(index="turn", q="marker", hitsPerPage=1000, page=1)
    assert answer["totalHits"] in (0, total), "words of half an index: %d" % answer["totalHits"]
    answer = s.search(index="turn", q="alpha", hitsPerPage=1000, page=1)
    assert answer["totalHits"] in (0, total), "words of half an index: %d" % answer["totalHits"]
    status, answer = s.ask("/indexes/turn/search", {"filter": "place < 10", "hitsPerPage": 1000})
    if status == 200:
        equal(answer["totalHits"], 40, "a column of half an index")
    else:
        equal((status, answer["code"]), (400, "invalid_search_filter"), str(answer))
    status, answer = s.ask("/indexes/turn/search", {"facets": ["group"], "limit": 0})
    if status == 200:
        equal(answer["facetDistribution"], {"group": {str(g): GROUP for g in range(4)}})
    else:
        equal((status, answer["code"]), (400, "invalid_search_facets"), str(answer))
    # Ranked by one set of rules: with a sort on place every place comes in one run.
    places = [h["place"] for h in s.search(index="turn", q="", limit=1000)["hits"]]
    forms = ([i for _ in range(4) for i in range(GROUP)], sorted(places), sorted(places, reverse=True))
    assert places in forms, "an order that no settings give: %s" % places


def test_settings_are_old_or_new():
    with Server() as server:
        for number in range(4):
            server.write("POST", "/indexes/turn/documents?primaryKey=id", batch(number, 1))

        def work():
            for r in range(24):
                server.write("PATCH", "/indexes/turn/settings", {
                    "searchableAttributes": SEARCHABLE[r % 4], "filterableAttributes": FILTERABLE[r % 3], "rankingRules": RULES[r // 2 % 3],
                    "separatorTokens": ["#"] if r % 5 == 0 else []})

        during(server, [look_at_old_or_new] * 2, work)


def test_settings_change_amid_writes():
    """Re-indexing and batches take turns; what searches see of the documents obeys the same laws all the while."""
    with Server() as server:
        prepare(server)

        def work():
            for r in range(8):
                server.http("PATCH", "/indexes/docs/settings", {
                    "searchableAttributes": (["*"], ["title", "text"])[r % 2], "stopWords": (["alpha"], [])[r % 2],
                    "filterableAttributes": ["group", "version", "even", "place"] + ["extra"] * (r % 2)})
                churn(server, 2, wait=False)

        during(server, [look_at_groups, look_at_two_queries], work)


def test_swaps_and_deletions_of_indexes():
    with Server() as server:
        for uid, number in (("a", 1), ("b", 2)):
            server.write("POST", "/indexes/%s/documents?primaryKey=id" % uid, batch(number, number))

        def look(s, n):
            status, answer = s.ask("/multi-search", {"queries": [{"indexUid": u, "q": "marker", "hitsPerPage": 1000} for u in "ab"]})
            equal(status, 200)
            groups = [{h["group"] for h in r["hits"]} for r in answer["results"]]
            assert groups in ([{1}, {2}], [{2}, {1}]), "half a swap: %s" % groups
            status, answer = s.ask("/indexes/c/search", {"q": "marker", "hitsPerPage": 1})
            if status == 200:
                assert answer["totalHits"] in (0, GROUP), answer
            else:
                equal((status, answer["code"]), (404, "index_not_found"))

        def work():
            for r in range(30):
                server.http("POST", "/swap-indexes", [{"indexes": ["a", "b"]}])
                server.http("POST", "/indexes/c/documents?primaryKey=id", batch(3, r))
                server.wait_task(server.http("DELETE", "/indexes/c").json["taskUid"])

        during(server, [look, look], work)


# ---- callers that go away -----------------------------------------------------------------------------------------

LONG = 1000  # queries in one call, at 10 ms or more each time one asks whether it shall go on
SLOWLY = "search_under_way=delay:10+"


def busy(server):
    """True while the one place for searches is taken."""
    answer = server.http("POST", "/indexes/docs/search", {"limit": 0})
    assert answer.status in (200, 503), answer
    return answer.status == 503


def ended_within(call, seconds):
    try:
        call.exception(timeout=seconds)
        return True
    except grpc.FutureTimeoutError:
        return False


def processor_seconds(server):
    with open("/proc/%d/stat" % server.process.pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_work_ends_with_its_caller():
    """One place for searches: it is free again at once, and the processors rest."""
    with Server("--search-queue-size", "1", "--fault", SLOWLY) as server:
        prepare(server)
        for number in range(1, 20):
            server.write("POST", "/indexes/docs/documents", batch(number, number))
        query = {"indexUid": "docs", "q": "markr alpah brvao", "limit": 20, "attributesToHighlight": ["*"]}
        body = json.dumps({"queries": [query] * LONG}).encode()

        def begun(answered):
            """No refusal came at once, and the place is taken."""
            return not answered() and poll(lambda: busy(server), "the search to begin", timeout=5 * SLOW)

        def by_http():
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(b"POST /multi-search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert begun(lambda: select.select([s], [], [], 0.4)[0]), s.recv(1000)
            s.close()

        def by_grpc(seconds, cancel):
            queries = [search_pb2.MultiSearchQuery(index_uid="docs", q=query["q"], attributes_to_highlight={"values": ["*"]})] * LONG
            call = server.stub("Search.FindMany").future(search_pb2.MultiSearchRequest(queries=queries), timeout=seconds)
            assert begun(lambda: ended_within(call, 0.4)), call.exception()
            if cancel:
                call.cancel()
            else:
                equal(call.exception().code(), grpc.StatusCode.DEADLINE_EXCEEDED)

        for way, what in ((by_http, "a closed connection"), (lambda: by_grpc(60 * SLOW, True), "a cancelled call"),
                          (lambda: by_grpc(1.5, False), "a deadline")):
            way()
            left = time.monotonic()
            poll(lambda: not busy(server), "the end of the work after " + what, timeout=2 * SLOW)
            print("        free %.0f ms after %s" % ((time.monotonic() - left) * 1e3, what))
        used = processor_seconds(server)
        time.sleep(0.5)  # what is measured is a stretch of time, not waited for
        used = processor_seconds(server) - used
        assert used < 0.25, "a search still runs: %.2f s of processor in 0.5 s" % used


if __name__ == "__main__":
    main(globals(), seconds=240 * SLOW)
