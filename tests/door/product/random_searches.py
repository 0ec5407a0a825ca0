# SPDX-License-Identifier: MIT
"""random_searches.py SERVER -- random indexes and searches against a reference that looks at every document.

LODE_SEED repeats a run, LODE_ROUNDS (indexes, by default as many as fit in 20 seconds) asks for more. Each
index is changed a few times and searched in between. A case in which server and reference differ is made smaller
as long as they still do, then shown with all that makes it again.
"""
import copy
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../oracle"))
from product_common import Server, main  # noqa: E402
import search_cases as cases  # noqa: E402
from search_reference import Reference, facet_form, is_number, values_of  # noqa: E402

SEARCHES = 20  # of each state of an index
TILE_SEARCHES = 80
SECONDS = 20
SHRINK_SECONDS = 60
TILE_ROWS = 65536


def request_of(body):
    out = dict(body, showRankingScore=True, attributesToRetrieve=["id"])
    if "filter" in out:
        out["filter"] = cases.filter_text(out["filter"])
    return out


def distribution(rows, field):
    counts = {}
    for document, _ in rows:
        for v in {v if is_number(v) else facet_form(v) for v in values_of(document.json, field)}:
            counts[v] = counts.get(v, 0) + 1
    return counts


def window(body, rows):
    if "hitsPerPage" in body or "page" in body:
        page, per_page = body.get("page", 1), body.get("hitsPerPage", 20)
        return rows[(page - 1) * per_page:page * per_page] if page else []
    return rows[body.get("offset", 0):body.get("offset", 0) + body.get("limit", 20)]


def facet_difference(answer, rows):
    for field in cases.FACETS:
        wanted = distribution(rows, field)
        have = answer["facetDistribution"].get(field, {})
        numbers = {k: v for k, v in wanted.items() if is_number(k)}
        texts = {k: v for k, v in wanted.items() if not is_number(k)}
        rest = dict(have)
        for number, n in numbers.items():
            key = "%d" % number if number == int(number) else repr(number)
            if key in texts:  # the same text: one member cannot show both
                return None
            if rest.pop(key, None) != n:
                return "facet %s: %s instead of %s" % (field, have, wanted)
        if {facet_form(k): v for k, v in rest.items()} != texts:
            return "facet %s: %s instead of %s" % (field, have, wanted)
        stats = {"min": min(numbers), "max": max(numbers)} if numbers else None
        if answer["facetStats"].get(field) != stats:
            return "facetStats %s: %s instead of %s" % (field, answer["facetStats"], stats)
    return None


def difference(answer, body, reference, known):
    """What is wrong with an answer, or None."""
    keep = (lambda d: cases.filter_holds(body["filter"], d, known)) if "filter" in body else (lambda d: True)
    rows, candidates = reference.search(body, keep)
    wanted = window(body, rows)
    got = [h["id"] for h in answer["hits"]]
    if got != [d.json["id"] for d, _ in wanted]:
        return "order %s\ninstead of %s" % (got, [(d.json["id"], round(s, 4)) for d, s in wanted])
    for hit, (_, score) in zip(answer["hits"], wanted):
        if abs(hit["_rankingScore"] - score) > 1e-9:
            return "score %s of %s instead of %s" % (hit["_rankingScore"], hit["id"], score)
    if "totalHits" in answer:
        per_page = answer["hitsPerPage"]
        totals = (len(rows), -(-len(rows) // per_page) if per_page else 0)
        if (answer["totalHits"], answer["totalPages"]) != totals:
            return "totals %s instead of %s" % ((answer["totalHits"], answer["totalPages"]), totals)
    elif not len(rows) <= answer["estimatedTotalHits"] <= len(candidates):
        return "total %d, not in %d .. %d" % (answer["estimatedTotalHits"], len(rows), len(candidates))
    # With distinct in offset mode facets are of the documents seen, which is not said how many.
    if "facets" in body and ("totalHits" in answer or len(rows) == len(candidates)):
        return facet_difference(answer, rows)
    return None


def ask(server, uid, body, reference, state):
    known = {field for d in state.values() for field in d}
    status, _, raw, answer = server.http("POST", "/indexes/%s/search" % uid, request_of(body))
    if status != 200:
        return "status %d: %s" % (status, raw)
    return difference(answer, body, reference, known)


class Shrinker:
    def __init__(self, server):
        self.server, self.n = server, 0

    def wrong(self, case):
        """What is wrong with a case, made anew from nothing."""
        self.n += 1
        uid = "s%d" % self.n
        state = {}
        self.server.write("PATCH", "/indexes/%s/settings" % uid, case["settings"])
        for change in case["changes"]:
            cases.send_change(self.server, uid, change)
            cases.apply_change(state, copy.deepcopy(change))
        wrong = ask(self.server, uid, case["body"], Reference(case["settings"], list(state.values())), state)
        self.server.write("DELETE", "/indexes/%s" % uid)
        return wrong

    def shrink(self, case):
        end = time.monotonic() + SHRINK_SECONDS
        wrong = self.wrong(case)
        if wrong is None:
            return None, None
        progress = True
        while progress and time.monotonic() < end:
            progress = False
            for less in cases.smaller(case):
                if time.monotonic() > end:
                    break
                try:
                    found = self.wrong(less)
                except AssertionError:
                    continue  # a setting or request that makes no sense
                if found and not found.startswith("status"):
                    case, wrong, progress = less, found, True
                    break
        return case, wrong


def fail(server, case, wrong):
    small, still = Shrinker(server).shrink(case)
    if small is None:
        small, still = case, wrong + "\n(not when the index is made anew)"
    raise AssertionError("%s\nsearch   %s\nsettings %s\nchanges  %s" % (
        still, json.dumps(small["body"], ensure_ascii=False), json.dumps(small["settings"], ensure_ascii=False),
        json.dumps(small["changes"], ensure_ascii=False)))


def one_index(server, uid, rng):
    words = cases.make_words(rng)
    settings = cases.make_settings(rng, words)
    changes = cases.make_changes(rng, words)
    stops = sorted(rng.sample(range(len(changes)), min(2, len(changes) - 1))) + [len(changes) - 1]
    state, n = {}, 0
    server.write("PATCH", "/indexes/%s/settings" % uid, settings)
    for at, change in enumerate(changes):
        cases.send_change(server, uid, change)
        cases.apply_change(state, copy.deepcopy(change))
        if at not in stops:
            continue
        reference = Reference(settings, list(state.values()))
        for _ in range(SEARCHES):
            body = cases.make_search(rng, words, settings)
            wrong = ask(server, uid, body, reference, state)
            if wrong:
                fail(server, {"body": body, "settings": settings, "changes": changes[:at + 1]}, wrong)
            n += 1
    server.write("DELETE", "/indexes/%s" % uid)
    return n


def test_random_searches():
    seed, rounds = int(os.environ.get("LODE_SEED", "20261122")), int(os.environ.get("LODE_ROUNDS", "0"))
    print("        LODE_SEED=%d LODE_ROUNDS=%d" % (seed, rounds))
    end, n, i = time.monotonic() + SECONDS, 0, 0
    with Server() as server:
        while i < rounds if rounds else time.monotonic() < end:
            # Each index has a seed of its own, so that one alone can be made again.
            try:
                n += one_index(server, "r%d" % i, random.Random(seed + i))
            except AssertionError:
                print("        differs with LODE_SEED=%d LODE_ROUNDS=1" % (seed + i))
                raise
            i += 1
    print("        %d searches of %d indexes" % (n, i))


def wordless(rng, keys):
    """Documents that no words lead to; some have values."""
    documents = []
    for k in keys:
        d = {"id": "w%d" % k}
        if k % 16 == 0:
            d["price"] = rng.choice(cases.PRICES)
        if k % 50 == 0:
            d["color"] = rng.choice(cases.COLORS)
        documents.append(d)
    return documents


def many_rows(rng):
    """Settings, words, and changes that spread the documents with words over rows of two tiles.

    Replaced ones go from the first tile to the second, where they are still the first in order.
    """
    words = cases.make_words(rng)
    settings = cases.make_settings(rng, words)
    settings["searchableAttributes"] = rng.choice([["title", "body"], ["body", "tags", "title"]])
    settings["pagination"] = {"maxTotalHits": 4 * TILE_ROWS}

    def some(low, high, n):
        return [cases.make_document(rng, words, k) for k in sorted(rng.sample(range(low, high), n))]
    changes = [["add", some(0, 40, 40)], ["add", wordless(rng, range(TILE_ROWS // 2))], ["add", some(40, 80, 40)],
               ["add", wordless(rng, range(TILE_ROWS // 2, TILE_ROWS))], ["add", some(80, 120, 40)],
               ["update", some(0, 120, 20)], ["delete", ["n%d" % k for k in rng.sample(range(120), 10)]],
               ["add", some(0, 120, 20)]]
    return words, settings, changes


def test_rows_of_two_tiles():
    """An index of more rows than a tile has; too large to make a case smaller, so the search is shown with its seed."""
    seed = int(os.environ.get("LODE_SEED", "20261122"))
    print("        LODE_SEED=%d" % seed)
    rng, state = random.Random(seed), {}
    words, settings, changes = many_rows(rng)
    with Server() as server:
        server.write("PATCH", "/indexes/tiles/settings", settings)
        for change in changes:
            cases.send_change(server, "tiles", change)
            cases.apply_change(state, change)
        reference = Reference(settings, list(state.values()))
        for _ in range(TILE_SEARCHES):
            body = cases.make_search(rng, words, settings)
            wrong = ask(server, "tiles", body, reference, state)
            if wrong:
                raise AssertionError("%s\nsearch   %s\nsettings %s" % (
                    wrong[:4000], json.dumps(body, ensure_ascii=False), json.dumps(settings, ensure_ascii=False)))


if __name__ == "__main__":
    sys.exit(main(globals(), seconds=7200 if os.environ.get("LODE_ROUNDS") else 600))
