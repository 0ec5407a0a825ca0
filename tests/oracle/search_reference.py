# SPDX-License-Identifier: MIT
"""search_reference.py -- what a search must answer, found by looking at every document.

Slow and plain on purpose: every way to read the query is tried on every document, and the list of costs,
one per ranking rule, is compared as a list. Words are runs of letters and digits (Latin and Greek ones fold),
separators are ASCII. No index, no limits of the real one: the vocabularies of the tests stay below them.

Where the description of the semantics is silent, this is what was chosen:

- Query positions are those of the text, negative words and stop words counted. Only terms that stand side by
  side there have a proximity; behind a hard separator or a left-out word there is none.
- An n-gram of n terms costs n times its rank and its position, and n terms that are not exact. It may be split as
  a term may, but not where its terms join. It stays in the query until all of its terms are dropped.
- exactAttribute goes by positions: each word in one field where the query has it. Stop words do not count as
  words of a field; a field with words in two of its values is never exactly the query.
- `frequency` counts a term's documents over all fields, those of n-grams with it too. A term that matches
  nothing is dropped first, because kept it would leave nothing.
- A stop word inside a phrase holds its place, whatever stands there in the text; at its ends it is nothing.
- The stop words of a synonym hold their places in it, as in texts, and a word is no synonym of itself.
  Synonyms count as typed: disableOnAttributes does not forbid them.
"""
import itertools
import json
import math
import re
import unicodedata

WORD = r"(?:[^\W_]|[̀-ͯ])+"
TOKEN = re.compile(WORD + r"|[.,] |[\W_]", re.S)
STEPS = ((0, 0), (1, 1), (4, 2), (7, 3), (11, 4), (16, 5), (24, 6), (64, 7), (256, 8), (1024, 9))
DEFAULT_RULES = ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"]
# Text rules and the costs that each of them compares, in order.
COSTS = {"typo": ["typo"], "proximity": ["proximity"], "attributeRank": ["attributeRank"],
         "wordPosition": ["wordPosition"], "attribute": ["attributeRank", "wordPosition"],
         "exactness": ["exactAttribute", "exactWords"]}


def step(d):
    return next((cost for most, cost in STEPS if abs(d) <= most), 10)


def fold(word):
    text = unicodedata.normalize("NFKD", word).lower().replace("œ", "oe").replace("æ", "ae")
    return "".join(c for c in text if unicodedata.category(c) != "Mn")


def is_hard(separator):
    return separator in (". ", ", ") or separator in "!?;"


def facet_form(value):
    """What strings are compared as in filters, sorts, facets and distinct."""
    return json.dumps(value) if isinstance(value, bool) else unicodedata.normalize("NFKD", value.strip()).lower()


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def values_of(document, field):
    value = document.get(field)
    values = value if isinstance(value, list) else [value]
    return [v for v in values if v is not None and v != "" and not isinstance(v, dict)]


def metres(a, b):
    x, y = (math.sin(math.radians(b[i] - a[i]) / 2) for i in (0, 1))
    h = x * x + math.cos(math.radians(a[0])) * math.cos(math.radians(b[0])) * y * y
    return 2 * 6371008.8 * math.asin(min(1, math.sqrt(h)))


def place_of(document):
    geo = document.get("_geo")
    return (geo["lat"], geo["lng"]) if geo else None


def sort_key(entry):
    """A function of a document for "price:asc", "_geoPoint(1, 2):desc"."""
    field, direction = entry.rsplit(":", 1)
    down = direction == "desc"
    if field.startswith("_geoPoint"):
        here = tuple(float(x) for x in field[len("_geoPoint("):-1].split(","))

        def distance_key(d):
            if place_of(d) is None:
                return (2,)
            whole = math.floor(metres(here, place_of(d)))
            return (0, -whole if down else whole)
        return distance_key

    def key(d):
        values = values_of(d, field)
        numbers = [v for v in values if is_number(v)]
        texts = [facet_form(v).encode() for v in values if not is_number(v)]
        if numbers:
            return (0, -max(numbers) if down else min(numbers))
        if texts:
            text = max(texts) if down else min(texts)
            # Going down, a text that another one begins comes before that one: the end counts above all bytes.
            return (1, tuple(-c for c in text) + (1,) if down else tuple(text))
        return (2,)
    return key


def distances(a, b):
    """Edits with neighbours swapped counting one, against every beginning of b; the last is b itself."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1]


class Words:
    """Cuts texts into words, as the settings say."""

    def __init__(self, stops):
        self.stops = {unicodedata.normalize("NFKD", s) for s in stops}

    def is_stop(self, raw):
        return unicodedata.normalize("NFKD", raw) in self.stops

    def cut(self, text, position=0):
        """[(word, position)] without stop words, and where the next value of the field begins."""
        words, gap, seen = [], 0, False
        for token in TOKEN.findall(text):
            if re.match(WORD, token):
                position += gap if seen else 0
                seen, gap = True, 1
                if not self.is_stop(token):
                    words.append((fold(token), position))
            elif is_hard(token):
                gap = 8
        return words, (position + 8 if seen else position)


class Document:
    def __init__(self, number, json_, words, rank_of):
        self.number, self.json = number, json_
        self.fields = {}  # field -> [(word, position)]
        self.in_one_value = set()  # fields with all words in one value
        for name, value in json_.items():
            if name == "_geo" or rank_of(name) is None:
                continue
            found, at, n_values = [], 0, 0
            for v in value if isinstance(value, list) else [value]:
                text = v if isinstance(v, str) else None if v is None else json.dumps(v)
                if text is not None:
                    more, at = words.cut(text, at)
                    found += more
                    n_values += bool(more)
            if found:
                self.fields[name] = found
            if n_values == 1:
                self.in_one_value.add(name)
        self.at = {}  # word -> [(field, position)]
        for name, found in self.fields.items():
            for word, position in found:
                self.at.setdefault(word, []).append((name, position))

    def places(self, run, fields=None):
        """[(field, first position, last position)] of a run of (word, offset)."""
        return [(f, p, p + run[-1][1]) for f, p in self.at.get(run[0][0], ())
                if (fields is None or f in fields) and all((f, p + i) in self.at.get(w, ()) for w, i in run)]


class Term:
    def __init__(self, run, position, phrase=False, prefix=False):
        self.run, self.position, self.phrase, self.prefix = run, position, phrase, prefix
        self.end = position + run[-1][1]


def parse(q, words, prefix_search):
    """Terms, and runs of words that must not be there."""
    terms, negatives = [], []
    position, gap, seen = 0, 0, False
    phrase, negative, after_space, last = None, False, True, None

    def end_phrase():
        if phrase:
            run = [(w, p - phrase[0][1]) for w, p in phrase]
            if negative:
                negatives.append(run)
            else:
                terms.append(Term(run, phrase[0][1], phrase=True))
    for token in TOKEN.findall(q):
        last = None
        if len(terms) == 10:
            break
        if re.match(WORD, token):
            position += gap if seen else 0
            gap, seen, after_space = 1, True, False
            stop = words.is_stop(token)
            if phrase is not None:
                phrase += [] if stop else [(fold(token), position)]
                continue
            if negative:
                negatives += [] if stop else [[(fold(token), 0)]]
            elif stop:
                last = Term([(fold(token), 0)], position, prefix=True)
            else:
                terms.append(Term([(fold(token), 0)], position))
                last = terms[-1]
            negative = False
            continue
        spaced, after_space = after_space, token.endswith(" ")
        if is_hard(token):
            gap = 8
            if phrase is not None:
                end_phrase()
                phrase = []
        if token == '"':
            if phrase is not None:
                end_phrase()
                phrase, negative = None, False
            else:
                phrase = []
        elif phrase is None:
            negative = token == "-" and spaced
    if phrase is not None:
        end_phrase()
    if last and prefix_search:
        last.prefix = True
        if last not in terms:
            terms.append(last)
    return terms, negatives


class Reference:
    """settings: as the HTTP API has them; documents: in the order in which they were first added."""

    def __init__(self, settings, documents):
        self.searchable = settings.get("searchableAttributes") or ["*"]
        self.rules = settings.get("rankingRules") or DEFAULT_RULES
        self.words = Words(settings.get("stopWords") or ())
        self.prefix_search = settings.get("prefixSearch") != "disabled"
        self.distinct = settings.get("distinctAttribute")
        typo = settings.get("typoTolerance") or {}
        sizes = typo.get("minWordSizeForTypos") or {}
        self.typo_enabled = typo.get("enabled", True)
        self.one_typo, self.two_typos = sizes.get("oneTypo", 5), sizes.get("twoTypos", 9)
        self.typo_words = {fold(w) for w in typo.get("disableOnWords") or ()}
        self.typo_numbers = not typo.get("disableOnNumbers")
        self.no_typo_fields = set(typo.get("disableOnAttributes") or ())
        self.synonyms = {}
        for key, texts in (settings.get("synonyms") or {}).items():
            self.synonyms.setdefault(tuple(w for w, _ in self.words.cut(key)[0]), []).extend(texts)
        self.documents = [Document(i, d, self.words, self.rank_of) for i, d in enumerate(documents)]
        self.with_words = [d for d in self.documents if d.at]  # no other can have what is searched for
        self.vocabulary = sorted({w for d in self.with_words for w in d.at})

    def rank_of(self, field):
        """None: not searched."""
        if self.searchable == ["*"]:
            return 0
        return self.searchable.index(field) if field in self.searchable else None

    # ---- ways to read a term

    def allowance(self, word):
        if not self.typo_enabled or word in self.typo_words or len(word) < self.one_typo:
            return 0
        return 1 if len(word) < self.two_typos else 2

    def near(self, word, allowed, prefix):
        """{word of the vocabulary: typos}"""
        found = {}
        for w in self.vocabulary:
            if w == word or prefix and w.startswith(word):
                found[w] = 0
            elif allowed and (self.typo_numbers or not w.isdigit()):
                ends = distances(word, w)
                typos = min(ends) if prefix else ends[-1]
                if w[0] != word[0]:
                    if allowed == 2 and typos == 1:
                        found[w] = 2
                elif typos <= allowed:
                    found[w] = typos
        return found

    def split(self, word, joints):
        """The two words side by side that most documents have."""
        best, most = None, 0
        for i in range(1, len(word)):
            run = [(word[:i], 0), (word[i:], 1)]
            n = 0 if i in joints else sum(1 for d in self.with_words if d.places(run))
            if n > most:
                best, most = run, n
        return best

    def derivations(self, terms, i, n):
        """[(run, typos, exact, original)] of terms i .. i+n-1 read as one."""
        term = terms[i]
        if term.phrase:
            return [(term.run, 0, True, True)]
        parts = [t.run[0][0] for t in terms[i:i + n]]
        word, base = "".join(parts), 0 if n == 1 else n
        prefix = terms[i + n - 1].prefix
        allowed = max(0, self.allowance(word) - (n - 1))
        out = [([(w, 0)], base + typos, n == 1 and w == word, n == 1 and typos == 0)
               for w, typos in self.near(word, allowed, prefix).items()]
        run = self.split(word, set(itertools.accumulate(map(len, parts))))
        if run:
            out.append((run, base + 1, False, False))
        for text in self.synonyms.get(tuple(parts), ()):
            cut = self.words.cut(text)[0]
            if [(w, p - cut[0][1]) for w, p in cut] == list(zip(parts, range(n))):
                continue  # of itself
            out += [([(w, p - cut[0][1]) for w, p in cut], base, False, True)] if cut else []
        return out

    def edges(self, terms):
        """{(i, n): derivations}; n-grams only if there are any."""
        edges = {}
        for i, n in itertools.product(range(len(terms)), (1, 2, 3)):
            run = terms[i:i + n]
            if len(run) < n or n > 1 and (any(t.phrase for t in run) or
                                          any(b.position - a.position != 1 for a, b in zip(run, run[1:]))):
                continue
            found = self.derivations(terms, i, n)
            if found or n == 1:
                edges[i, n] = found
        return edges

    def levels(self, terms, strategy, edges):
        """Sets of terms that must be there, one after another."""
        everything = set(range(len(terms)))
        order = [i for i in reversed(range(len(terms))) if not terms[i].phrase]
        phrases = len(order) < len(terms)
        if strategy == "all":
            steps = []
        elif strategy == "frequency":
            count = {i: sum(1 for d in self.with_words if any(
                d.places(run) for (at, n), found in edges.items() if at <= i < at + n
                for run, _, _, _ in found)) or math.inf for i in order}
            steps = [[i for i in order if count[i] == n] for n in sorted(set(count.values()), reverse=True)]
            steps = steps if phrases else steps[:-1]
        else:
            steps = [[i] for i in order]
            steps = steps if phrases else steps[:-1]
        levels = [everything]
        for dropped in steps:
            levels.append(levels[-1] - set(dropped))
        return levels

    # ---- costs of one document

    @staticmethod
    def near_cost(left, right):
        best = 4
        for (f, _, a), (g, b, _) in itertools.product(left, right):
            if f == g and a != b:  # a word is no neighbour of itself
                best = min(best, b - a if b > a else a - b + 1)
        return best - 1

    def found_in(self, edges, document, asked):
        """{(i, n): {(typos, exact): places}} of the edges that a document has."""
        found = {}
        for edge, derivations in edges.items():
            for run, typos, exact, original in derivations:
                places = [p for p in document.places(run, asked) if original or p[0] not in self.no_typo_fields]
                if places:
                    found.setdefault(edge, {}).setdefault((typos, exact), []).extend(places)
        return found

    def paths(self, n_terms, found, kept, at=0):
        """Every list of (i, n, typos, exact, places) that leads past all terms; dropped ones may be left out."""
        if at == n_terms:
            yield []
            return
        if at not in kept:
            yield from self.paths(n_terms, found, kept, at + 1)
        for n in (1, 2, 3):
            if kept.isdisjoint(range(at, at + n)):
                continue
            for (typos, exact), places in found.get((at, n), {}).items():
                for rest in self.paths(n_terms, found, kept, at + n):
                    yield [(at, n, typos, exact, places)] + rest

    def path_costs(self, terms, path, kept):
        cost = dict.fromkeys(("typo", "proximity", "attributeRank", "wordPosition", "exactWords"), 0)
        for i, n, typos, exact, places in path:
            here = len(kept & set(range(i, i + n)))
            cost["typo"] += typos
            cost["proximity"] += here - 1
            cost["attributeRank"] += here * min(self.rank_of(f) for f, _, _ in places)
            cost["wordPosition"] += here * min(step(p - terms[i].position) for _, p, _ in places)
            cost["exactWords"] += 0 if exact else here
        for a, b in zip(path, path[1:]):
            if terms[a[0] + a[1] - 1].end + 1 == terms[b[0]].position:
                cost["proximity"] += self.near_cost(a[4], b[4])
        return cost

    @staticmethod
    def exact_attribute(terms, document, asked):
        """0: some field is the query; 1: some field begins with it; 2: neither."""
        words = {(w, t.position + offset) for t in terms for w, offset in t.run}
        best = 2
        for name, have in document.fields.items():
            if (asked is None or name in asked) and words <= set(have):
                whole = len(have) == sum(len(t.run) for t in terms) <= 30 and name in document.in_one_value
                best = min(best, 0 if whole else 1)
        return best

    def costs(self, terms, found, levels, document, names, asked):
        """The cheapest reading: (level, {name: cost}), or None."""
        for level, kept in enumerate(levels):
            readings = [self.path_costs(terms, path, kept) for path in self.paths(len(terms), found, kept)]
            if readings:
                exact = 2 if level else self.exact_attribute(terms, document, asked)
                best = min(readings, key=lambda c: [exact if n == "exactAttribute" else c[n] for n in names])
                return level, dict(best, exactAttribute=exact)
        return None

    # ---- scores

    def max_typos(self, terms, edges, kept, used, at=0):
        if at == len(terms):
            return 0
        best = self.max_typos(terms, edges, kept, used, at + 1) if at not in kept else 0
        for n in (1, 2, 3):
            if (at, n) not in edges or kept.isdisjoint(range(at, at + n)) or n > 1 and (at, n) not in used:
                continue
            word = "".join(t.run[0][0] for t in terms[at:at + n])
            own = 0 if terms[at].phrase else max(1, self.allowance(word) - (n - 1)) + (n if n > 1 else 0)
            best = max(best, own + self.max_typos(terms, edges, kept, used, at + n))
        return best

    def score(self, terms, edges, kept, used, cost, names):
        """The ranks of all rules, merged like digits. used: the n-grams that documents of this level have."""
        pairs = sum(1 for i in kept if i + 1 in kept and terms[i].end + 1 == terms[i + 1].position)
        most = {"typo": self.max_typos(terms, edges, kept, used), "proximity": 3 * pairs,
                "attributeRank": (len(self.searchable) - 1) * len(kept), "wordPosition": 10 * len(kept),
                "exactAttribute": 2, "exactWords": len(kept)}
        rank, of = 1, 1
        for name in names:
            r, m = (len(kept), len(terms)) if name == "words" else (
                most[name] - min(cost[name], most[name]) + 1, most[name] + 1)
            rank, of = (rank - 1) * m + r, of * m
        return rank / of

    # ---- a search

    def steps(self, body, terms):
        """What documents are compared by, in order: names of costs, and functions of a document."""
        steps, fields = [], set()
        words = terms and body.get("matchingStrategy", "last") != "all"

        def add_sort(entry):
            field = entry.rsplit(":", 1)[0]
            if field not in fields or field.startswith("_geoPoint"):
                steps.append(sort_key(entry))
            fields.add(field)
        for rule in self.rules + ["words"]:  # without any text rule dropped terms still come last
            if rule == "sort":
                for entry in body.get("sort") or ():
                    add_sort(entry)
            elif ":" in rule:
                add_sort(rule)
            elif terms:
                more = (["words"] if words else []) + COSTS.get(rule, [])
                steps += [name for name in more if name not in steps]
        return steps

    def ranked(self, body, keep):
        """[(document, score)] of all candidates, best first."""
        terms, negatives = parse(body.get("q") or "", self.words, self.prefix_search)
        asked = body.get("attributesToSearchOn")
        found = [d for d in (self.with_words if terms else self.documents)
                 if not any(d.places(n, asked) for n in negatives) and keep(d.json)]
        steps = self.steps(body, terms)
        names = [s for s in steps if isinstance(s, str)]
        if not terms:
            return [(d, 1.0) for d in sorted(found, key=lambda d: ([s(d.json) for s in steps], d.number))]
        edges = self.edges(terms)
        levels = self.levels(terms, body.get("matchingStrategy", "last"), edges)
        used, rows = {}, []
        for d in found:
            have = self.found_in(edges, d, asked)
            best = self.costs(terms, have, levels, d, [n for n in names if n != "words"], asked)
            if best:
                level, cost = best
                used.setdefault(level, set()).update(have)
                rows.append((d, level, dict(cost, words=level)))
        rows.sort(key=lambda r: ([r[2][s] if isinstance(s, str) else s(r[0].json) for s in steps], r[0].number))
        return [(d, self.score(terms, edges, levels[level], used[level], cost, names)) for d, level, cost in rows]

    def search(self, body, keep=lambda d: True):
        """(document, score) of all that stay, best first, and of all candidates before `distinct`."""
        rows = self.ranked(body, keep)
        rows = [r for r in rows if r[1] >= body.get("rankingScoreThreshold", 0)]
        field = body.get("distinct") or self.distinct
        if not field:
            return rows, rows
        kept, seen = [], set()
        for row in rows:
            values = {v if is_number(v) else facet_form(v) for v in values_of(row[0].json, field)}
            if seen.isdisjoint(values):
                seen |= values
                kept.append(row)
        return kept, rows
