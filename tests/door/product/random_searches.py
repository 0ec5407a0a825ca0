# SPDX-License-Identifier: MIT
"""random_searches.py SERVER -- random documents, settings and queries against a reference that looks at everything.

LODE_SEED repeats a run; LODE_ROUNDS asks for more. A difference is printed with all that makes it again.
"""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../oracle"))
from product_common import ROOT, Server, equal, main  # noqa: E402,F401
from search_reference import Reference  # noqa: E402

STEMS = "ka ro mi ten sol bar dun vel".split()
SEPARATORS = [" "] * 12 + ["-", ", ", ". ", "! ", "/", "_", ","]
ROUNDS = int(os.environ.get("LODE_ROUNDS", "12"))


def seeded():
    seed = int(os.environ.get("LODE_SEED", "20261122"))
    print("        LODE_SEED=%d LODE_ROUNDS=%d" % (seed, ROUNDS))
    return random.Random(seed)


def make_words(rng):
    return sorted({"".join(rng.choice(STEMS) for _ in range(rng.randint(1, 4))) for _ in range(rng.randint(15, 60))})


def text(rng, words, low, high):
    out = ""
    for i in range(rng.randint(low, high)):
        out += (rng.choice(SEPARATORS) if i else "") + rng.choice(words)
    return out


def make_documents(rng, words):
    documents = []
    for i in range(rng.randint(5, 120)):
        d = {"id": "n%d" % i, "title": text(rng, words, 0, 4), "body": text(rng, words, 0, 25)}
        if rng.random() < 0.5:
            d["tags"] = [text(rng, words, 1, 2) for _ in range(rng.randint(0, 3))]
        if rng.random() < 0.8:
            d["price"] = rng.choice([1, 2, 2.5, 10, -3, 100])
        if rng.random() < 0.7:
            d["color"] = rng.choice(["red", "Red", "blue", "green", "", None, ["red", "blue"], True])
        documents.append(d)
    return documents


def misspelt(rng, word):
    i, letter = rng.randrange(len(word)), rng.choice("abkmrtz")
    return rng.choice([word[:i] + word[i + 1:], word[:i] + letter + word[i:], word[:i] + letter + word[i + 1:],
                       word[:i] + word[i + 1:i + 2] + word[i:i + 1] + word[i + 2:]]) or word


def make_query(rng, words):
    parts = []
    for w in rng.sample(words, min(len(words), rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 4]))):
        kind = rng.random()
        if kind < 0.2:
            w = misspelt(rng, w)
        elif kind < 0.3:
            w = w[:rng.randint(1, len(w))]
        elif kind < 0.37 and len(w) > 3:
            w = w[:len(w) // 2] + " " + w[len(w) // 2:]
        elif kind < 0.44:
            w = '"%s %s"' % (w, rng.choice(words))
        elif kind < 0.5:
            w = "-" + w
        parts.append(w)
    # A word twice would leave open which of its places is whose.
    if len(set(" ".join(parts).split())) < len(" ".join(parts).split()):
        return make_query(rng, words)
    return " ".join(parts) + rng.choice(["", "", "", " "])


def values_of(d, field):
    value = d.get(field)
    values = value if isinstance(value, list) else [value]
    return [v for v in values if v is not None and v != ""]


def folded(v):
    return json.dumps(v) if isinstance(v, bool) else v.lower()


def number(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def make_filter(rng, depth=0):
    """Filter text, and the same as a function of a document."""
    kind = rng.random()
    if depth < 3 and kind < 0.4:
        a, b = make_filter(rng, depth + 1), make_filter(rng, depth + 1)
        if kind < 0.2:
            return "(%s) AND (%s)" % (a[0], b[0]), lambda d: a[1](d) and b[1](d)
        return "(%s OR %s)" % (a[0], b[0]), lambda d: a[1](d) or b[1](d)
    if depth < 3 and kind < 0.5:
        a = make_filter(rng, depth + 1)
        return "NOT (%s)" % a[0], lambda d: not a[1](d)
    if kind < 0.62:
        n = rng.choice([1, 2, 2.5, 10, 7])
        op = rng.choice([">", ">=", "<", "<="])
        compare = {">": lambda v: v > n, ">=": lambda v: v >= n, "<": lambda v: v < n, "<=": lambda v: v <= n}[op]
        return "price %s %s" % (op, n), lambda d: any(number(v) and compare(v) for v in values_of(d, "price"))
    if kind < 0.7:
        low, high = sorted((rng.choice([-5, 1, 2, 9]), rng.choice([2, 3, 10, 50])))
        return "price %s TO %s" % (low, high), lambda d: any(low <= v <= high for v in values_of(d, "price"))
    if kind < 0.8:
        n = rng.choice([1, 2, 2.5, 10, 7])
        yes = lambda d: any(v == n for v in values_of(d, "price"))  # noqa: E731
        return rng.choice([("price = %s" % n, yes), ("price != %s" % n, lambda d: not yes(d))])
    if kind < 0.9:
        c = rng.choice(["red", "BLUE", "green", "true", "nothing"])
        yes = lambda d: any(not number(v) and folded(v) == c.lower() for v in values_of(d, "color"))  # noqa: E731
        other = rng.choice(["red", "blue"])
        many = lambda d: yes(d) or any(folded(v) == other for v in values_of(d, "color"))  # noqa: E731
        return rng.choice([("color = %s" % c, yes), ("color != %s" % c, lambda d: not yes(d)),
                           ("color IN [%s, %s]" % (c, other), many), ("color NOT IN [%s, %s]" % (c, other), lambda d: not many(d))])
    return rng.choice([("color EXISTS", lambda d: "color" in d), ("color NOT EXISTS", lambda d: "color" not in d),
                       ("color IS NULL", lambda d: "color" in d and d["color"] is None),
                       ("color IS EMPTY", lambda d: d.get("color") == ""),
                       ("color IS NOT EMPTY", lambda d: d.get("color") != "")])


def sort_key(field, descending):
    def key(d):
        values = values_of(d, field)
        numbers, texts = [v for v in values if number(v)], [folded(v).encode() for v in values if not number(v)]
        if numbers:
            return (0, -max(numbers) if descending else min(numbers), ())
        if texts:
            t = max(texts) if descending else min(texts)
            # Longer texts first where one begins the other, when descending.
            return (1, 0, tuple(-c for c in t) + (1,) if descending else tuple(t))
        return (2, 0, ())
    return key


def make_sort(rng):
    entries = [(f, rng.random() < 0.5) for f in rng.sample(["price", "color"], rng.randint(1, 2))]
    keys = [sort_key(*e) for e in entries]
    return ["%s:%s" % (f, "desc" if down else "asc") for f, down in entries], lambda d: tuple(k(d) for k in keys)


def distribution(documents, field):
    counts = {}
    for d in documents:
        for v in {v if number(v) else folded(v) for v in values_of(d, field)}:
            counts[v] = counts.get(v, 0) + 1
    return counts


def compare(server, uid, reference, rng, words, context):
    body = {"q": make_query(rng, words), "limit": 1000}
    keep = order = None
    if rng.random() < 0.4:
        body["filter"], keep = make_filter(rng)
    if rng.random() < 0.3:
        body["sort"], order = make_sort(rng)
    if rng.random() < 0.3:
        body["facets"] = ["color", "price"]
    if rng.random() < 0.3:
        body["matchingStrategy"] = "all"
    status, _, _, answer = server.http("POST", "/indexes/%s/search" % uid, body)
    assert status == 200, (body, answer)
    wanted = reference.search(body["q"], keep, order, body.get("matchingStrategy", "last"))
    assert isinstance(answer["hits"], list), (body, answer)
    got = [h["id"] for h in answer["hits"]]
    assert got == [d.json["id"] for d in wanted], "\nquery     %s\ngot       %s\nreference %s\n%s" % (
        json.dumps(body), got, [d.json["id"] for d in wanted], context())
    equal(answer["estimatedTotalHits"], len(wanted), "total")
    if "facets" in body:
        have = answer["facetDistribution"]
        counts = distribution([d.json for d in wanted], "price")
        equal({float(k): v for k, v in have.get("price", {}).items()}, {float(k): v for k, v in counts.items()}, "price")
        equal({k.lower(): v for k, v in have.get("color", {}).items()}, distribution([d.json for d in wanted], "color"), "color")
        if counts:
            equal(answer["facetStats"]["price"], {"min": float(min(counts)), "max": float(max(counts))}, "stats")


def test_random_searches():
    rng = seeded()
    n = 0
    with Server() as server:
        for round_ in range(ROUNDS):
            words = make_words(rng)
            documents = make_documents(rng, words)
            searchable = rng.choice([None, ["title", "body"], ["body", "tags", "title"]])
            rules = ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"]
            if rng.random() < 0.4:
                rng.shuffle(rules)
                rules.remove("words")
                rules.insert(0, "words")
            synonyms = {rng.choice(words): [rng.choice(words), rng.choice(words) + " " + rng.choice(words)]} if rng.random() < 0.5 else {}
            uid = "r%d" % round_
            settings = {"searchableAttributes": searchable or ["*"], "filterableAttributes": ["price", "color"],
                        "sortableAttributes": ["price", "color"], "rankingRules": rules, "synonyms": synonyms}
            server.write("PATCH", "/indexes/%s/settings" % uid, settings)
            cuts = sorted(rng.sample(range(len(documents) + 1), rng.randint(0, 3))) + [len(documents)]
            start = 0
            for end in cuts:
                if end > start:
                    server.write("POST", "/indexes/%s/documents?primaryKey=id" % uid, documents[start:end])
                start = end
            reference = Reference(documents, searchable, rules, synonyms)
            for _ in range(60):
                compare(server, uid, reference, rng, words,
                        lambda: "settings %s\ndocuments %s" % (json.dumps(settings), json.dumps(documents)))
                n += 1
    print("        %d searches" % n)


if __name__ == "__main__":
    sys.exit(main(globals(), seconds=300))
