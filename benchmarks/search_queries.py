# SPDX-License-Identifier: MIT
"""search_queries.py -- the query sets, drawn from the data with a fixed seed.

  common, mid, rare   100 words each in 1-10 %, 0.05-1 %, at most 0.01 % of the documents
  two                 100 pairs of words of one document
  prefix              every beginning of 20 two-word queries, as typed
  typo                100 mid words of 6-12 letters with one edit that is no word of the data
  sorted              100 common and mid words with a genre, by price
"""
import json
import random
import re
from collections import Counter

WORD = re.compile(r"[a-z]+")


def words_of(document):
    return WORD.findall(f"{document['title']} {document['overview']}".lower())


def misspelt(rng, word, known):
    while True:
        i, kind = rng.randrange(1, len(word) - 1), rng.randrange(4)
        letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
        wrong = {0: word[:i] + word[i + 1:], 1: word[:i] + letter + word[i:], 2: word[:i] + letter + word[i + 1:],
                 3: word[:i] + word[i + 1] + word[i] + word[i + 2:]}[kind]
        if wrong not in known and wrong != word:
            return wrong


def make(path, documents, n):
    rng, counts, pairs, genres = random.Random(7), Counter(), [], Counter()
    for i, (document, _) in enumerate(documents):
        words = words_of(document)
        counts.update(set(words))
        genres.update(document["genres"])
        if i % max(1, n // 4000) == 0:
            pairs.append(words)
    def between(low, high):
        return sorted(w for w, c in counts.items() if low * n <= c <= high * n and len(w) > 2)
    common, mid, rare = between(0.01, 0.1), between(0.0005, 0.01), between(0, 0.0001)
    sets = {"common": [rng.choice(common) for _ in range(100)], "mid": rng.sample(mid, min(100, len(mid))),
            "rare": rng.sample(rare, min(100, len(rare)))}
    two = []
    while len(two) < 100:
        a, b = rng.sample(rng.choice(pairs), 2)
        if a != b and len(a) > 2 and len(b) > 2:
            two.append(f"{a} {b}")
    sets["two"] = two
    sets["prefix"] = [q[:k] for q in two[:20] for k in range(1, len(q) + 1) if q[k - 1] != " "]
    sets["typo"] = [misspelt(rng, rng.choice([w for w in mid if 6 <= len(w) <= 12]), counts) for _ in range(100)]
    sets["sorted"] = [(rng.choice(common if i % 2 else mid), rng.choice(sorted(genres))) for i in range(100)]
    path.write_text(json.dumps({"sets": sets, "words": len(counts)}))


def load(args, data, documents):
    path = args.work / (data.stem + ".queries.json")
    if not path.exists():
        make(path, documents(data), args.documents)
    return json.loads(path.read_text())["sets"]
