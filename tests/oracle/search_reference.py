# SPDX-License-Identifier: MIT
"""search_reference.py -- what a search must answer, found by looking at every document.

Slow and plain on purpose: every way to read the query is tried on every document, and the list of costs,
one per ranking rule, is compared as a list. Texts are words of a-z and 0-9 with ASCII separators between
them; documents are flat but for lists of strings. No index, no limits of the real one: the vocabularies
of the tests stay below them.
"""
import itertools
import json
import re

HARD = re.compile(r"[!?;]|[.,](?= )")
TOKEN = re.compile(r"[a-z0-9]+|[^a-z0-9]+")
TEXT_RULES = ("words", "typo", "proximity", "attributeRank", "wordPosition", "exactness")
STEPS = ((0, 0), (1, 1), (4, 2), (7, 3), (11, 4), (16, 5), (24, 6), (64, 7), (256, 8), (1024, 9))


def step(d):
    return next((cost for most, cost in STEPS if abs(d) <= most), 10)


def cut(text, position=0):
    """[(word, position)] and where the next value of the field begins."""
    words, gap = [], 0
    for token in TOKEN.findall(text.lower()):
        if token[0].isalnum():
            position += gap if words else 0
            words.append((token, position))
            gap = 1
        elif HARD.search(token):
            gap = 8
    return words, (position + 8 if words else position)


def distance(a, b):
    """Edits with neighbours swapped counting one (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1]  # against every beginning of b; the last is b itself


class Document:
    def __init__(self, number, json_, searched):
        self.number, self.json = number, json_
        self.fields = {}  # field -> [(word, position)]
        self.values = {}  # field -> how many values were cut
        for name, value in json_.items():
            if searched is not None and name not in searched:
                continue
            words, at = [], 0
            values = value if isinstance(value, list) else [value]
            for v in values:
                text = v if isinstance(v, str) else None if v is None else json.dumps(v)
                if text is None:
                    continue
                more, at = cut(text, at)
                words += more
            if words:
                self.fields[name], self.values[name] = words, len(values)
        self.at = {}  # word -> [(field, position)]
        for name, words in self.fields.items():
            for word, position in words:
                self.at.setdefault(word, []).append((name, position))

    def phrase(self, words):
        """[(field, first position, last position)] of the words side by side."""
        return [(f, p, p + len(words) - 1) for f, p in self.at.get(words[0], ())
                if all((f, p + i) in self.at.get(w, ()) for i, w in enumerate(words))]


class Term:
    def __init__(self, words, position, phrase=False, prefix=False):
        self.words, self.position, self.phrase, self.prefix = words, position, phrase, prefix


def parse(q):
    """Terms and phrases that must not be there."""
    terms, negatives, position, gap = [], [], 0, 0
    text, at = q.lower(), 0
    while at < len(text) and len(terms) < 10:
        c = text[at]
        if c == '"' or c == "-" and (at == 0 or text[at - 1].isspace()) and text[at + 1:at + 2] == '"':
            negative = c == "-"
            start = at + (2 if negative else 1)
            end = text.find('"', start)
            end = len(text) if end < 0 else end
            words = [w for w, _ in cut(text[start:end])[0]]
            at = end + 1
            if words and negative:
                negatives.append(words)
            elif words:
                terms.append(Term(words, position + (gap if terms else 0), phrase=True))
                position, gap = terms[-1].position + len(words) - 1, 1
            continue
        m = re.compile(r"[a-z0-9]+").match(text, at)
        if m:
            if at > 0 and text[at - 1] == "-" and (at == 1 or text[at - 2].isspace()):
                negatives.append([m.group()])
            else:
                terms.append(Term([m.group()], position + (gap if terms else 0), prefix=m.end() == len(text)))
                position, gap = terms[-1].position, 1
            at = m.end()
        else:
            m = re.compile(r"[^a-z0-9\"]").match(text, at)
            if HARD.match(text, at):
                gap = 8
            at = m.end()
    return terms, negatives


class Reference:
    """settings: searchable (list or None for all), rules, synonyms {word: [texts]}, filterable."""

    def __init__(self, documents, searchable=None, rules=None, synonyms=None):
        self.searchable = searchable
        self.rules = rules or ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"]
        self.synonyms = synonyms or {}
        self.documents = [Document(i, d, searchable) for i, d in enumerate(documents)]
        self.vocabulary = sorted({w for d in self.documents for w in d.at})

    def rank_of(self, field):
        return self.searchable.index(field) if self.searchable else 0

    # ---- ways to read a term

    @staticmethod
    def allowance(word):
        return 0 if len(word) < 5 else 1 if len(word) < 9 else 2

    def near(self, word, allowed, prefix):
        """{word of the vocabulary: typos}"""
        found = {}
        for w in self.vocabulary:
            if w == word or prefix and w.startswith(word):
                found[w] = 0
                continue
            if not allowed:
                continue
            ends = distance(word, w)
            typos = min(ends) if prefix else ends[-1]
            if w[0] != word[0]:
                if allowed == 2 and typos == 1:
                    found[w] = 2
            elif typos <= allowed:
                found[w] = typos
        return found

    def split(self, word):
        """The two words side by side that most documents have."""
        best, most = None, 0
        for i in range(1, len(word)):
            pair = [word[:i], word[i:]]
            n = sum(1 for d in self.documents if d.phrase(pair))
            if n > most:
                best, most = pair, n
        return best

    def derivations(self, terms, i, n):
        """[(words, typos, exact)] of terms i .. i+n-1 read as one."""
        term = terms[i]
        if term.phrase:
            return [(term.words, 0, True)]
        word = "".join(t.words[0] for t in terms[i:i + n])
        prefix, base = terms[i + n - 1].prefix, 0 if n == 1 else n
        allowed = max(0, self.allowance(word) - (n - 1))
        out = [([w], base + typos, n == 1 and w == word) for w, typos in self.near(word, allowed, prefix).items()]
        if n == 1:
            pair = self.split(word) if len(word) > 1 else None
            if pair:
                out.append((pair, 1, False))
        key = " ".join(t.words[0] for t in terms[i:i + n])
        for text in self.synonyms.get(key, ()):
            out.append(([w for w, _ in cut(text)[0]], base, False))
        return out

    def edges(self, terms):
        """{(i, n): derivations}"""
        edges = {}
        for i in range(len(terms)):
            for n in (1, 2, 3):
                run = terms[i:i + n]
                if len(run) < n or n > 1 and (any(t.phrase for t in run) or
                                              any(b.position - a.position != 1 for a, b in zip(run, run[1:]))):
                    continue
                edges[i, n] = self.derivations(terms, i, n)
        return edges

    # ---- costs of one document

    @staticmethod
    def near_cost(left, right):
        best = 4
        for f, _, a in left:
            for g, b, _ in right:
                if f == g:
                    best = min(best, b - a if b > a else abs(b - a) + 1)
        return min(best, 4) - 1

    def paths(self, terms, edges, kept, document):
        """Every list of (i, n, typos, exact, places) that covers the kept terms."""
        def go(at):
            while at < len(terms) and at not in kept:
                at += 1
            if at == len(terms):
                yield []
                return
            for n in (1, 2, 3):
                if (at, n) not in edges or any(t not in kept for t in range(at, at + n)):
                    continue
                found = {}
                for words, typos, exact in edges[at, n]:
                    places = document.phrase(words)
                    if places:
                        found.setdefault((typos, exact), []).extend(places)
                for (typos, exact), places in found.items():
                    for rest in go(at + n):
                        yield [(at, n, typos, exact, places)] + rest
        return go(0)

    def path_costs(self, terms, path):
        cost = dict.fromkeys(TEXT_RULES, 0)
        cost["typo"] = sum(typos for _, _, typos, _, _ in path)
        for i, n, _, exact, places in path:
            cost["proximity"] += n - 1
            cost["attributeRank"] += min(self.rank_of(f) for f, _, _ in places)
            cost["wordPosition"] += min(step(p - terms[i].position) for _, p, _ in places)
            cost["exactness"] -= exact
        for a, b in itertools.pairwise(path) if hasattr(itertools, "pairwise") else zip(path, path[1:]):
            if a[0] + a[1] == b[0]:
                cost["proximity"] += self.near_cost(a[4], b[4])
        return cost

    def exact_attribute(self, terms, kept, document):
        """0: some field is the query; 1: some field begins with it; 2: neither."""
        words = [w for t in terms for w in t.words]
        if len(kept) < len(terms):
            return 2
        best = 2
        for name, have in document.fields.items():
            if [(w, i) for i, w in enumerate(words)] == have[:len(words)]:
                best = min(best, 0 if len(have) == len(words) and document.values[name] == 1 else 1)
        return best

    def costs(self, terms, edges, levels, document, text_rules):
        """The cheapest reading: a list of costs in the order of text_rules, or None."""
        for dropped, kept in enumerate(levels):
            best = None
            for path in self.paths(terms, edges, kept, document):
                cost = self.path_costs(terms, path)
                cost["words"] = dropped
                key = []
                for rule in text_rules:
                    if rule == "exactness":
                        key.append(self.exact_attribute(terms, kept, document))
                    key.append(cost[rule])
                best = key if best is None or key < best else best
            if best is not None:
                return best
        return None

    def levels(self, terms, strategy, edges):
        """Sets of terms that must be there, one after another."""
        everything = set(range(len(terms)))
        if strategy == "all":
            return [everything]
        order = [i for i in reversed(range(len(terms))) if not terms[i].phrase]
        if strategy == "frequency":
            count = {i: sum(1 for d in self.documents if any(d.phrase(w) for w, _, _ in edges[i, 1])) for i in order}
            raise NotImplementedError("ties are dropped together: %r" % count)
        if not any(t.phrase for t in terms):
            order = order[:-1]  # the first term stays
        return [everything - set(order[:k]) for k in range(len(order) + 1)]

    # ---- a search

    def search(self, q, keep=None, sort=None, strategy="last"):
        """Documents in order. keep: document -> bool; sort: document -> a key that sorts first things first."""
        terms, negatives = parse(q)
        found = [d for d in self.documents if (keep is None or keep(d.json)) and not any(d.phrase(n) for n in negatives)]
        rules = list(self.rules)
        if strategy == "all":
            rules = [r for r in rules if r != "words"]
        if not terms:
            return sorted(found, key=lambda d: (sort(d.json) if sort and "sort" in rules else (), d.number))
        edges = self.edges(terms)
        levels = self.levels(terms, strategy, edges)
        text_rules = [r for r in rules if r in TEXT_RULES]
        scored = []
        for d in found:
            cost = self.costs(terms, edges, levels, d, text_rules)
            if cost is None:
                continue
            cost, key = iter(cost), []
            for rule in rules:
                if rule == "sort":
                    key.append(sort(d.json) if sort else ())
                elif rule == "exactness":
                    key += [next(cost), next(cost)]
                else:
                    key.append(next(cost))
            scored.append((key, d.number, d))
        return [d for _, _, d in sorted(scored, key=lambda s: s[:2])]
