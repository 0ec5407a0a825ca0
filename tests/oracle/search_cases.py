# SPDX-License-Identifier: MIT
"""search_cases.py -- random settings, documents, changes and searches, as plain data that JSON can show.

Filters are lists (["and", a, b], ["cmp", field, op, value], ...): filter_text() writes them in the filter
language, filter_holds() evaluates them on a document.
"""
import copy

from search_reference import DEFAULT_RULES, facet_form, is_number, metres, place_of, values_of

STEMS = "ka ro mi ten sol bar dun vel".split()
FOREIGN = ["é", "ße", "no", "Ün", "ñi", "æ", "øl"]
GREEK = ["λο", "γη", "νέ", "μα", "πί"]  # words of two scripts are cut in two; there are none here
SEPARATORS = [" "] * 12 + ["-", ", ", ". ", "! ", "/", "_", ",", " (", ") "]
NUMBERS = ["2", "48", "100", "12345", "12346", "n12"]
STOPS = ["the", "of", "ka", "éro"]
POINTS = [(48.85, 2.35), (48.86, 2.35), (45.76, 4.83), (-33.9, 151.2), (35.7, 139.7), (40.7, -74.0), (0.0, 179.5), (0.5, -179.5)]
COLORS = ["red", "Red", "blue", "green", "Été", "été", "", None, ["red", "blue"], ["Blue", "green"], True, [], "12", ["red", 12]]
PRICES = [1, 2, 2.5, 10, -3, 100, [1, 10], [2, 100], None]
FACETS = ["color", "price"]


def make_word(rng, stems):
    return "".join(rng.choice(stems) for _ in range(rng.randint(1, 4)))


def is_greek(word):
    return word[0] >= "\u0370"


def make_words(rng):
    stems = [STEMS] * 4 + ([STEMS + FOREIGN] * 4 + [GREEK] if rng.random() < 0.3 else [])
    words = {make_word(rng, rng.choice(stems)) for _ in range(rng.randint(8, 60))}
    return sorted(words) + (rng.sample(STOPS, 2) if rng.random() < 0.4 else []) + (NUMBERS if rng.random() < 0.2 else [])


def shown(rng, word):
    kind = rng.random()
    return word.capitalize() if kind < 0.06 else word.upper() if kind < 0.08 and "ß" not in word else word


def make_text(rng, words, low, high):
    out = ""
    for i in range(rng.randint(low, high)):
        out += (rng.choice(SEPARATORS) if i else "") + shown(rng, rng.choice(words))
    return out + (rng.choice(["", "", ".", "!"]) if out else "")


def make_document(rng, words, key):
    d = {"id": "n%d" % key, "title": make_text(rng, words, 0, 4), "body": make_text(rng, words, 0, rng.choice([6, 25, 40]))}
    if rng.random() < 0.5:
        d["tags"] = [make_text(rng, words, 0, 2) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.8:
        d["price"] = rng.choice(PRICES)
    if rng.random() < 0.7:
        d["color"] = rng.choice(COLORS)
    if rng.random() < 0.6:
        lat, lng = rng.choice(POINTS)
        d["_geo"] = {"lat": lat, "lng": lng}
    return d


def make_settings(rng, words):
    settings = {"searchableAttributes": rng.choice([["*"], ["title", "body"], ["body", "tags", "title"], ["tags", "price", "title"]]),
                "filterableAttributes": FACETS + ["_geo", "id"], "sortableAttributes": FACETS + ["_geo"]}
    rules = list(DEFAULT_RULES)
    if rng.random() < 0.5:
        rng.shuffle(rules)
        for _ in range(rng.choice([0, 0, 1, 3])):
            rules.pop()
        if rng.random() < 0.2:
            rules = ["attribute" if r == "attributeRank" else r for r in rules if r != "wordPosition"]
    if rng.random() < 0.3:
        rules.insert(rng.randint(0, len(rules)), rng.choice(["price", "color"]) + rng.choice([":asc", ":desc"]))
    settings["rankingRules"] = rules
    if rng.random() < 0.5:
        settings["synonyms"] = {rng.choice(words): [rng.choice(words), rng.choice(words) + " " + rng.choice(words)],
                                rng.choice(words) + " " + rng.choice(words): [rng.choice(words)]}
    if rng.random() < 0.3:
        settings["stopWords"] = rng.sample(STOPS, 2)
    if rng.random() < 0.15:
        settings["prefixSearch"] = "disabled"
    if rng.random() < 0.3:
        settings["distinctAttribute"] = rng.choice(FACETS)
    typo = {}
    if rng.random() < 0.2:
        typo["disableOnWords"] = rng.sample(words, min(5, len(words)))
    if rng.random() < 0.2:
        typo["disableOnAttributes"] = [rng.choice(["title", "body", "tags"])]
    if rng.random() < 0.2:
        low = rng.randint(1, 6)
        typo["minWordSizeForTypos"] = {"oneTypo": low, "twoTypos": low + rng.randint(0, 5)}
    if rng.random() < 0.1:
        typo["enabled"] = False
    if rng.random() < 0.2:
        typo["disableOnNumbers"] = True
    if typo:
        settings["typoTolerance"] = typo
    return settings


# ---- changes of an index -------------------------------------------------------------------------

def make_changes(rng, words):
    """["add" or "update", documents], ["delete", ids], ["deleteBy", filter], ["clear"]; from few big ones to many small ones."""
    keys = rng.randint(5, 100)
    changes = [["add", [make_document(rng, words, k) for k in part]] for part in parts(rng, range(keys))]
    for _ in range(rng.choice([0, 0, 1, 3, 12])):
        kind = rng.random()
        some = [rng.randrange(keys + 10) for _ in range(rng.randint(1, 8))]
        if kind < 0.4:
            changes.append(["add", [make_document(rng, words, k) for k in some]])
        elif kind < 0.7:
            changes.append(["update", [part_of(rng, make_document(rng, words, k)) for k in some]])
        elif kind < 0.9:
            changes.append(["delete", ["n%d" % k for k in some]])
        elif kind < 0.98:
            changes.append(["deleteBy", make_filter(rng, 2)])
        else:
            changes.append(["clear"])
    return changes


def parts(rng, keys):
    cuts = sorted(rng.sample(range(len(keys) + 1), min(len(keys), rng.choice([0, 1, 3, 20])))) + [len(keys)]
    return [keys[a:b] for a, b in zip([0] + cuts, cuts) if a < b]


def part_of(rng, document):
    return {k: v for k, v in document.items() if k == "id" or rng.random() < 0.4}


def apply_change(state, change):
    """state: {id: document} in the order of first insertion."""
    kind = change[0]
    if kind in ("add", "update"):
        for d in change[1]:
            if kind == "add" or d["id"] not in state:
                state[d["id"]] = dict(d)
            else:
                state[d["id"]].update(d)
    elif kind == "delete":
        for key in change[1]:
            state.pop(key, None)
    elif kind == "deleteBy":
        known = {field for d in state.values() for field in d}
        for key in [k for k, d in state.items() if filter_holds(change[1], d, known)]:
            del state[key]
    else:
        state.clear()


def send_change(server, uid, change):
    path = "/indexes/%s/documents" % uid
    kind = change[0]
    if kind in ("add", "update"):
        server.write("POST" if kind == "add" else "PUT", path + "?primaryKey=id", change[1])
    elif kind == "delete":
        server.write("POST", path + "/delete-batch", change[1])
    elif kind == "deleteBy":
        server.write("POST", path + "/delete", {"filter": filter_text(change[1])})
    else:
        server.write("DELETE", path)


# ---- searches ------------------------------------------------------------------------------------

def misspelt(rng, word):
    i, letter = rng.randrange(len(word)), rng.choice("λγη" if is_greek(word) else "abkmrtz")
    return rng.choice([word[:i] + word[i + 1:], word[:i] + letter + word[i:], word[:i] + letter + word[i + 1:],
                       word[:i] + word[i + 1:i + 2] + word[i:i + 1] + word[i + 2:]]) or word


def make_query(rng, words):
    out = ""
    for i, w in enumerate(rng.sample(words, min(len(words), rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5])))):
        kind = rng.random()
        if kind < 0.2:
            w = misspelt(rng, w)
            w = misspelt(rng, w) if kind < 0.05 else w
        elif kind < 0.3:
            w = w[:rng.randint(1, len(w))]
        elif kind < 0.37 and len(w) > 3:
            w = w[:len(w) // 2] + " " + w[len(w) // 2:]
        elif kind < 0.44:
            w = '"%s%s%s"' % (w, rng.choice([" ", " ", " ", "-", ", "]), rng.choice(words))
        elif kind < 0.49:
            w = "-" + w
        elif kind < 0.51:
            w = '-"%s %s"' % (w, rng.choice(words))
        elif kind < 0.58:
            w += rng.choice([v for v in words if is_greek(v) == is_greek(w)])
        out += (rng.choice(SEPARATORS + [" "] * 20) if i else "") + shown(rng, w)
    return out + rng.choice(["", "", "", " "])


def make_search(rng, words, settings):
    body = {"q": make_query(rng, words)}
    if rng.random() < 0.5:
        body["limit"] = rng.choice([1, 2, 3, 5, 10, 1000])
        body["offset"] = rng.choice([0, 0, 0, 1, 3, 20])
    elif rng.random() < 0.5:
        body["hitsPerPage"] = rng.choice([0, 1, 2, 5, 50])
        body["page"] = rng.choice([0, 1, 1, 1, 2, 3])
    else:
        body["limit"] = 1000
    if rng.random() < 0.5:
        body["matchingStrategy"] = rng.choice(["last", "all", "frequency"])
    if rng.random() < 0.3:
        body["filter"] = make_filter(rng)
    if rng.random() < 0.3 and "sort" in settings["rankingRules"]:
        entries = rng.sample(["price", "color", "_geoPoint(%s, %s)" % rng.choice(POINTS)], rng.randint(1, 3))
        body["sort"] = [e + rng.choice([":asc", ":desc"]) for e in entries]
    if rng.random() < 0.3:
        body["facets"] = FACETS
    if rng.random() < 0.2:
        fields = settings["searchableAttributes"]
        body["attributesToSearchOn"] = rng.sample(["title", "body", "tags"] if fields == ["*"] else fields, rng.randint(1, 2))
    if rng.random() < 0.15:
        body["distinct"] = rng.choice(FACETS)
    if rng.random() < 0.15:
        body["rankingScoreThreshold"] = rng.choice([0.2, 0.5, 0.8, 0.95])
    return body


# ---- filters -------------------------------------------------------------------------------------

def make_filter(rng, depth=0):
    kind = rng.random()
    if depth < 3 and kind < 0.4:
        return [rng.choice(["and", "or"]), make_filter(rng, depth + 1), make_filter(rng, depth + 1)]
    if depth < 3 and kind < 0.5:
        return ["not", make_filter(rng, depth + 1)]
    if kind < 0.62:
        return ["cmp", "price", rng.choice([">", ">=", "<", "<="]), rng.choice([1, 2, 2.5, 10, 7])]
    if kind < 0.7:
        return ["to", "price", *sorted((rng.choice([-5, 1, 2, 9]), rng.choice([2, 3, 10, 50])))]
    if kind < 0.78:
        return ["cmp", "price", rng.choice(["=", "!="]), rng.choice([1, 2, 2.5, 10, 7])]
    if kind < 0.88:
        return rng.choice([["cmp", "color", rng.choice(["=", "!="]), rng.choice(["red", "BLUE", "green", "true", "nothing", "éTé"])],
                           [rng.choice(["in", "notin"]), "color", rng.sample(["red", "BLUE", "été", "true"], 2)]])
    if kind < 0.93:
        lat, lng = rng.choice(POINTS)
        if rng.random() < 0.5:
            return ["radius", lat, lng, rng.choice([10, 2000, 600000, 9000000])]
        return ["box", *rng.choice([(60, 20, 40, -10), (10, -170, -10, 170), (90, 180, -90, -180), (0, 160, -40, 140)])]
    return [rng.choice(["exists", "notexists", "null", "notnull", "empty", "notempty"]), rng.choice(FACETS)]


def filter_text(f):
    kind = f[0]
    if kind in ("and", "or"):
        return "(%s) %s (%s)" % (filter_text(f[1]), kind.upper(), filter_text(f[2]))
    if kind == "not":
        return "NOT (%s)" % filter_text(f[1])
    if kind == "cmp":
        return "%s %s %s" % (f[1], f[2], f[3])
    if kind == "to":
        return "%s %s TO %s" % (f[1], f[2], f[3])
    if kind in ("in", "notin"):
        return "%s %s [%s]" % (f[1], "IN" if kind == "in" else "NOT IN", ", ".join(f[2]))
    if kind == "radius":
        return "_geoRadius(%s, %s, %s)" % tuple(f[1:])
    if kind == "box":
        return "_geoBoundingBox([%s, %s], [%s, %s])" % tuple(f[1:])
    return "%s %s" % (f[1], {"exists": "EXISTS", "notexists": "NOT EXISTS", "null": "IS NULL", "notnull": "IS NOT NULL",
                             "empty": "IS EMPTY", "notempty": "IS NOT EMPTY"}[kind])


def equals(document, field, value):
    if is_number(value):
        return any(v == value if is_number(v) else facet_form(v) == str(value) for v in values_of(document, field))
    return any(not is_number(v) and facet_form(v) == facet_form(value) for v in values_of(document, field))


def compares(document, field, op, value):
    def holds(a, b):
        return {">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b}[op]
    return any(holds(v, value) if is_number(v) else holds(facet_form(v), str(value)) for v in values_of(document, field))


def filter_holds(f, d, known):
    """known: fields that some document has; of others even != holds for none."""
    kind = f[0]
    if kind == "and":
        return filter_holds(f[1], d, known) and filter_holds(f[2], d, known)
    if kind == "or":
        return filter_holds(f[1], d, known) or filter_holds(f[2], d, known)
    if kind == "not":
        return not filter_holds(f[1], d, known)
    if kind in ("radius", "box"):
        here = place_of(d)
        if here is None or kind == "radius":
            return here is not None and metres(here, f[1:3]) <= f[3]
        top, right, bottom, left = f[1:]
        across = here[1] <= right or here[1] >= left if right < left else left <= here[1] <= right
        return bottom <= here[0] <= top and across
    field, value = f[1], d.get(f[1])
    if kind == "cmp" and f[2] in ("=", "!="):
        return equals(d, field, f[3]) if f[2] == "=" else field in known and not equals(d, field, f[3])
    if kind == "cmp":
        return compares(d, field, f[2], f[3])
    if kind == "to":
        return compares(d, field, ">=", f[2]) and any(
            is_number(v) and f[2] <= v <= f[3] for v in values_of(d, field))
    if kind in ("in", "notin"):
        return any(equals(d, field, v) for v in f[2]) == (kind == "in")
    if kind in ("exists", "notexists"):
        return (field in d) == (kind == "exists")
    if kind in ("null", "notnull"):
        return (field in d and value is None) == (kind == "null")
    return (value in ("", [])) == (kind == "empty")


# ---- making a failing case smaller -----------------------------------------------------------------

def smaller(case):
    """Cases that are a bit less, the biggest steps first."""
    body, settings, changes = case["body"], case["settings"], case["changes"]
    state = {}
    for c in changes:
        apply_change(state, copy.deepcopy(c))
    if len(changes) > 1:
        yield dict(case, changes=[["add", list(state.values())]])
    size = max(1, len(changes) // 2)
    while len(changes) > 1:
        for at in range(0, len(changes), size):
            yield dict(case, changes=changes[:at] + changes[at + size:])
        if size == 1:
            break
        size //= 2
    for i, change in enumerate(changes):
        documents = change[1] if len(change) > 1 and change[0] != "deleteBy" else []
        size = max(1, len(documents) // 2)
        while len(documents) > 1:
            for at in range(0, len(documents), size):
                yield dict(case, changes=changes[:i] + [[change[0], documents[:at] + documents[at + size:]]] + changes[i + 1:])
            if size == 1:
                break
            size //= 2
    for key in [k for k in body if k != "q"]:
        yield dict(case, body={k: v for k, v in body.items() if k != key})
    for key in [k for k in settings if k not in ("filterableAttributes", "sortableAttributes")]:
        yield dict(case, settings={k: v for k, v in settings.items() if k != key})
    for at in range(len(settings.get("rankingRules", ()))):
        rules = settings["rankingRules"]
        if len(rules) > 1:
            yield dict(case, settings=dict(settings, rankingRules=rules[:at] + rules[at + 1:]))
    if body.get("filter") and body["filter"][0] in ("and", "or", "not"):
        for part in body["filter"][1:]:
            yield dict(case, body=dict(body, filter=part))
    words = body["q"].split(" ")
    for at in range(len(words)):
        if len(words) > 1:
            yield dict(case, body=dict(body, q=" ".join(words[:at] + words[at + 1:])))
    for i, change in enumerate(changes):
        if change[0] not in ("add", "update"):
            continue
        for j, d in enumerate(change[1]):
            for field in [f for f in d if f != "id"]:
                values = [None]
                if isinstance(d[field], str) and " " in d[field]:
                    half = d[field].split(" ")
                    values += [" ".join(half[:len(half) // 2]), " ".join(half[len(half) // 2:]), " ".join(half[1:]), " ".join(half[:-1])]
                for value in values:
                    less = {k: v if k != field else value for k, v in d.items() if k != field or value is not None}
                    yield dict(case, changes=changes[:i] + [[change[0], change[1][:j] + [less] + change[1][j + 1:]]] + changes[i + 1:])
