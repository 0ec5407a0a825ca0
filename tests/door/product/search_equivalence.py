# SPDX-License-Identifier: MIT
"""search_equivalence.py SERVER SEARCH_DIGEST -- whatever way an index came to be, searches find the same in it.

The reference gets all documents in one batch. Others get them in many small ones, with versions that are replaced,
documents that are deleted, kills, settings that change away and back, a dump and an import; all hold the same
documents in the same order, and must give the same answers, byte for byte, and the same digest of the store.
"""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../oracle"))
import search_cases as cases  # noqa: E402
from product_common import Server, clean_environment, equal, main  # noqa: E402
from product_writers import seed_of_run  # noqa: E402
from search_reference import facet_form  # noqa: E402

DIGEST = sys.argv.pop(2)  # the rest may name tests
N = 300
BATCHES = 1000 if os.environ.get("LODE_TEST_SLOW", "1") == "1" else 2 * N + 40  # sanitizers take long for each
VOLATILE = ("processingTimeMs", "requestUid")
SEED = seed_of_run()


class Plan:
    """The documents, the settings and the searches that all tests share."""

    def __init__(self):
        rng = random.Random(SEED)
        self.words = cases.make_words(rng)
        self.documents = [cases.make_document(rng, self.words, k) for k in range(N)]
        self.settings = {"searchableAttributes": ["*"], "rankingRules": list(cases.DEFAULT_RULES), "filterableAttributes": cases.FACETS + ["_geo", "id"], "sortableAttributes": cases.FACETS + ["_geo"],
                         "synonyms": {self.words[0]: [self.words[1]]}, "pagination": {"maxTotalHits": 10000}}
        self.searches = [self.search(rng) for _ in range(150)]

    def search(self, rng):
        body = cases.make_search(rng, self.words, self.settings)
        body.update(showRankingScoreDetails=True, showRankingScore=True, facets=["*"], attributesToHighlight=["*"], showMatchesPosition=True)
        if "filter" in body:
            body["filter"] = cases.filter_text(body["filter"])
        return body


PLAN = Plan()


def prepare(server, uid, settings=None):
    server.write("POST", "/indexes", {"uid": uid, "primaryKey": "id"})
    server.write("PATCH", "/indexes/%s/settings" % uid, settings or PLAN.settings)


def add(server, uid, documents, method="POST"):
    return server.http(method, "/indexes/%s/documents" % uid, documents).json["taskUid"]


def folded(answer):
    """Of values that are one value, any document's spelling may be shown: facets by their folded form."""
    if "facetDistribution" in answer:
        answer["facetDistribution"] = {field: {facet_form(k): n for k, n in counts.items()}
                                       for field, counts in answer["facetDistribution"].items()}
    for hit in answer.get("hits", ()):
        for detail in hit["_rankingScoreDetails"].values():
            if isinstance(detail.get("value"), str):
                detail["value"] = facet_form(detail["value"])
    if "facetHits" in answer:
        answer["facetHits"] = sorted((facet_form(hit["value"]), hit["count"]) for hit in answer["facetHits"])
    return {k: v for k, v in answer.items() if k not in VOLATILE}


def answers(server, uid):
    """All searches' answers, without what differs from call to call."""
    found = []
    for body in PLAN.searches:
        answer = server.http("POST", "/indexes/%s/search" % uid, body)
        assert answer.status == 200, "%s: %s" % (json.dumps(body), answer.body)
        found.append(folded(answer.json))
    for facet in cases.FACETS:
        answer = server.http("POST", "/indexes/%s/facet-search" % uid, {"facetName": facet, "exhaustiveFacetCount": True}).json
        found.append(folded(answer))
    return found


def digests(server):
    """Of the indexes of a server that has ended."""
    got = subprocess.run([DIGEST, os.path.join(server.db, "store")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, env=clean_environment())
    assert got.returncode == 0, got.stderr
    return dict(line.split() for line in got.stdout.splitlines())


_reference = []


def reference():
    """(answers, digest) of all documents in one batch."""
    if not _reference:
        with Server() as server:
            prepare(server, "docs")
            server.wait_task(add(server, "docs", PLAN.documents))
            found = answers(server, "docs")
            assert sum(len(a.get("hits", ())) for a in found) > 500, "the searches find next to nothing"
            server.stop()
            _reference.append((found, digests(server)["docs"]))
            # One document less must not go unseen.
            with Server(home=server.home) as again:
                equal(answers(again, "docs"), found, "after a restart")
                again.write("DELETE", "/indexes/docs/documents/n7")
                assert answers(again, "docs") != found
                again.stop()
                assert digests(again)["docs"] != _reference[0][1], "the digest tells nothing"
    return _reference[0]


def check(server, *uids):
    """Ends the server."""
    wanted, digest = reference()
    for uid in uids:
        stored = server.documents(uid)
        equal([d["id"] for d in stored], [d["id"] for d in PLAN.documents], "the order of %s" % uid)
        for body, got, want in itertools.zip_longest(PLAN.searches, answers(server, uid), wanted):
            equal(got, want, "%s: %s" % (uid, json.dumps(body)))
    server.stop()
    found = digests(server)
    equal({u: found[u] for u in uids}, {u: digest for u in uids}, "the digest")


def pieces(rng, documents, most):
    at = 0
    while at < len(documents):
        n = rng.randint(1, most)
        yield documents[at:at + n]
        at += n


def batches(server):
    return server.http("GET", "/batches?limit=0").json["total"]


def small_batches(server, uid, rng, most=9):
    uids = []
    for k, part in enumerate(pieces(rng, PLAN.documents, most)):
        uids.append(add(server, uid, part))
        if k % 3:
            server.wait_task(uids[-1])  # else the next ones are merged into one commit
    server.wait_task(uids[-1])


def stormy(server, uid, rng):
    """First versions of other words, updates of pieces, strangers that come and go; in the end the same documents."""
    for part in pieces(rng, PLAN.documents, 60):
        drafts = [dict(cases.make_document(rng, PLAN.words, 0), id=d["id"], gone="stray") for d in part]
        add(server, uid, drafts)
        add(server, uid, [{"id": "x%d" % i, "title": "stranger", "price": i, "color": "black"} for i in range(rng.randint(1, 20))])
    server.idle()
    for _ in range(5):
        some = rng.sample(PLAN.documents, 40)
        add(server, uid, [cases.part_of(rng, dict(cases.make_document(rng, PLAN.words, 0), id=d["id"])) for d in some], "PUT")
        if rng.random() < 0.5:
            server.idle()
    server.http("POST", "/indexes/%s/documents/delete" % uid, {"filter": "color = black"})
    server.http("POST", "/indexes/%s/documents/delete-batch" % uid, ["x%d" % i for i in range(20)])
    order = list(PLAN.documents)
    rng.shuffle(order)
    for part in pieces(rng, order, 50):
        add(server, uid, part)
    server.idle()


# ---- tests ------------------------------------------------------------------------------------------------------


def test_many_batches():
    rng = random.Random(SEED + 1)
    with Server() as server:
        for uid in ("small", "ones", "two"):
            prepare(server, uid)
        small_batches(server, "small", rng)
        for d in PLAN.documents[:150]:
            add(server, "ones", [d])
        server.idle()
        small_batches(server, "ones", rng)
        server.wait_task(add(server, "two", PLAN.documents[:200]))
        server.wait_task(add(server, "two", PLAN.documents[200:] + PLAN.documents[:10]))
        check(server, "small", "ones", "two")


def test_a_thousand_batches():
    """One document each, drafts first; two indexes, each task waited for because tasks that wait become one batch."""
    with Server() as server:
        uids, steps = ("left", "right"), []
        for number, uid in enumerate(uids):
            prepare(server, uid)
            rng = random.Random(SEED + 10 + number)
            order = PLAN.documents + rng.choices(PLAN.documents, k=BATCHES - 2 * N)
            drafts = [dict(cases.make_document(rng, PLAN.words, 0), id=d["id"], gone="stray") for d in order]
            steps.append(drafts + rng.sample(PLAN.documents, N))
        before = batches(server)
        for both in zip(*steps):
            for task in [add(server, uid, [document]) for uid, document in zip(uids, both)]:
                server.wait_task(task)
        equal(batches(server) - before, 2 * BATCHES, "batches")
        check(server, *uids)


def test_replaced_and_deleted():
    rng = random.Random(SEED + 2)
    with Server() as server:
        for uid in ("storm", "twice"):
            prepare(server, uid)
        stormy(server, "storm", rng)
        server.wait_task(add(server, "twice", PLAN.documents))
        server.write("DELETE", "/indexes/twice/documents")
        for part in pieces(rng, PLAN.documents, 100):
            add(server, "twice", part)
        server.idle()
        check(server, "storm", "twice")


def test_settings_before_and_after():
    """Given after the documents; and changed away and back, each of those that make words or columns anew."""
    detours = [{"searchableAttributes": ["title"]}, {"filterableAttributes": [], "sortableAttributes": []}, {"stopWords": ["ka", "ro"]},
               {"separatorTokens": ["a"]}, {"nonSeparatorTokens": ["-"]}, {"dictionary": ["J. K."]}, {"prefixSearch": "disabled"},
               {"proximityPrecision": "byAttribute"}, {"rankingRules": ["price:asc"]}, {"synonyms": {}}, {"distinctAttribute": "color"},
               {"typoTolerance": {"enabled": False}}, {"localizedAttributes": [{"attributePatterns": ["*"], "locales": ["fra"]}]}]
    with Server() as server:
        server.write("POST", "/indexes/late/documents?primaryKey=id", PLAN.documents)
        server.write("PATCH", "/indexes/late/settings", PLAN.settings)
        prepare(server, "turned", {"searchableAttributes": ["body"], "stopWords": PLAN.words[:3]})
        server.wait_task(add(server, "turned", PLAN.documents[:300]))
        for detour in detours:
            server.write("PATCH", "/indexes/turned/settings", detour)
            if detour is detours[3]:
                add(server, "turned", PLAN.documents[300:])
        server.write("DELETE", "/indexes/turned/settings")
        server.write("PATCH", "/indexes/turned/settings", PLAN.settings)
        equal(server.get("/indexes/turned/settings"), server.get("/indexes/late/settings"))
        check(server, "late", "turned")


def test_killed_while_indexing():
    """SIGKILL after a number of answers; what is missing is sent again, from the start."""
    rng = random.Random(SEED + 3)
    settings = [PLAN.settings, dict(PLAN.settings, searchableAttributes=["title"], filterableAttributes=["color"])]
    with Server() as server:
        prepare(server, "docs")
        server.stop()
        for k in range(6):
            running = Server(home=server.home)
            for part in itertools.islice(pieces(rng, PLAN.documents, 40), rng.randint(1, 12)):
                last = add(running, "docs", part)
            running.http("PATCH", "/indexes/docs/settings", settings[k % 2])
            if rng.random() < 0.5:
                running.wait_task(last)
            running.kill()
        with Server(home=server.home) as again:
            again.idle()
            again.write("PATCH", "/indexes/docs/settings", dict(PLAN.settings, searchableAttributes=["*"]))
            small_batches(again, "docs", rng, most=60)
            check(again, "docs")


def test_dumped_and_imported():
    rng = random.Random(SEED + 4)
    with Server() as server, tempfile.TemporaryDirectory(prefix="lode-product-") as home:
        for uid in ("docs", "small", "storm"):
            prepare(server, uid)
        server.wait_task(add(server, "docs", PLAN.documents))
        small_batches(server, "small", rng, most=30)
        stormy(server, "storm", rng)
        path = server.dump()
        with Server("--import-dump", path, home=home) as copy:
            # And it goes on as if it had never been away.
            copy.write("DELETE", "/indexes/docs/documents/n%d" % (N - 1))
            copy.wait_task(add(copy, "docs", PLAN.documents[-1:]))
            check(copy, "docs", "small", "storm")
        check(server, "docs", "small", "storm")


if __name__ == "__main__":
    main(globals(), seconds=300)
