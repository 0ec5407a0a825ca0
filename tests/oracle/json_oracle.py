#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""json_oracle.py PROGRAM -- random JSON, sound and damaged, judged by PROGRAM and by Python's json.

The seed is LODE_SEED or the clock, and printed. Python is more lenient in three places, which are
taken out here: NaN and Infinity, lone surrogates, and bytes that are not UTF-8.
"""
import json
import os
import random
import struct
import subprocess
import sys
import time

TEXTS = 6000
NUMBERS = 20000


class Number(str):
    """A number as its text: its digits must survive."""


def no_constant(name):
    raise ValueError(name)


def members(pairs):
    """A dict; the check for lone surrogates must see members too that a later one replaces."""
    json.dumps(pairs, ensure_ascii=False).encode("utf-8")
    return dict(pairs)


def load(text):
    """The value of text (bytes), or None when it is no JSON; numbers stay text."""
    try:
        value = json.loads(
            text.decode("utf-8"), parse_float=Number, parse_int=Number, parse_constant=no_constant,
            object_pairs_hook=members)
        if text.startswith(b"\xef\xbb\xbf"):
            return None
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates
        return (value,)
    except (ValueError, RecursionError):
        return None


def random_string(r):
    out = []
    for _ in range(r.choice([0, 1, 2, 5, 15, 16, 17, 40])):
        out.append(r.choice([
            "a", "word", " ", "\u00e9", "\u4e2d", "\U0001f600", "\x7f", "\u2028", "\\n", "\\\"",
            "\\\\", "\\/", "\\u0041", "\\u00E9", "\\u0000", "\\ud83d\\ude00", "\\b\\f\\r\\t"]))
    return '"' + "".join(out) + '"'


def random_number(r):
    return r.choice([
        lambda: str(r.randint(-10, 10)),
        lambda: str(r.getrandbits(64)),
        lambda: "%d.%de%s%d" % (r.randint(0, 99), r.randint(0, 999), r.choice(["", "+", "-"]),
                                r.randint(0, 400)),
        lambda: repr(r.uniform(-1000, 1000)),
        lambda: "-0",
        lambda: "1E5",
    ])()


def random_space(r):
    return r.choice(["", "", "", " ", "\n", "\t\r\n  "])


def random_value(r, depth):
    kind = r.randrange(9 if depth > 0 else 5)
    gap = random_space
    if kind < 2:
        return random_string(r)
    if kind == 2:
        return random_number(r)
    if kind < 5:
        return r.choice(["true", "false", "null"])
    if kind < 7:
        return "[" + gap(r) + ("," + gap(r)).join(
            random_value(r, depth - 1) + gap(r) for _ in range(r.randrange(5))) + "]"
    members = []
    for _ in range(r.choice([0, 1, 2, 3, 20])):
        key = r.choice(['"a"', '"b"', '"\\u0061"', random_string(r)])
        members.append(gap(r) + key + gap(r) + ":" + gap(r) + random_value(r, depth - 1) + gap(r))
    return "{" + ",".join(members) + gap(r) + "}"


def damage(r, text):
    text = bytearray(text)
    for _ in range(r.randint(1, 2)):
        at = r.randrange(len(text) + 1)
        how = r.randrange(4)
        if how == 0:
            del text[at:at + r.randint(1, 3)]
        elif how == 1:
            text[at:at] = r.choice([b",", b":", b'"', b"[", b"]", b"{", b"}", b"\\", b"0", b"-",
                                    b".", b"e", b"\x00", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80",
                                    b"\\ud800", b"NaN", b"\n", b"\xc2\xa0", b"tru", b"/**/"])
        elif how == 2 and at < len(text):
            text[at] = r.randrange(256)
        else:
            del text[at:]
    return bytes(text)


def random_double(r):
    while True:
        v = r.choice([
            lambda: struct.unpack("<d", struct.pack("<Q", r.getrandbits(64)))[0],
            lambda: 2.0 ** r.randint(-1074, 1023),
            lambda: float(r.getrandbits(r.randint(1, 64))),
            lambda: r.randint(-10 ** 9, 10 ** 9) / 10 ** r.randint(0, 12),
            lambda: struct.unpack("<d", struct.pack("<Q", r.getrandbits(r.randint(1, 52))))[0],
        ])()
        if v == v and abs(v) != float("inf"):
            return v


def ask(program, questions):
    data = b"".join(kind + struct.pack("<I", len(q)) + q for kind, q in questions)
    done = subprocess.run([program], input=data, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit("the program ended with %d" % done.returncode)
    answers, at = [], 0
    while at < len(done.stdout):
        n = struct.unpack_from("<I", done.stdout, at + 1)[0]
        answers.append((done.stdout[at:at + 1], done.stdout[at + 5:at + 5 + n]))
        at += 5 + n
    if len(answers) != len(questions):
        sys.exit("%d answers to %d questions" % (len(answers), len(questions)))
    return answers


def digits_of(text):
    mantissa = text.lower().split("e")[0].lstrip("-").replace(".", "")
    return mantissa.strip("0")


def tokens_stay(compact):
    """Outside of strings the compact form has no white space."""
    inside, escaped = False, False
    for c in compact.decode("utf-8"):
        if inside:
            escaped, inside = (c == "\\" and not escaped), not (c == '"' and not escaped)
        elif c == '"':
            inside = True
        elif c in " \t\r\n":
            return False
    return True


def judge(kind, question, answer):
    """A sentence about what is wrong, or None."""
    status, got = answer
    if kind in b"JW":
        want = load(question)
        if (status == b"K") != (want is not None):
            return "accepted" if status == b"K" else "refused: %s" % got.decode()
        if want is None:
            return None
        if load(got) != want or not tokens_stay(got):
            return "became %r" % got
        order = list(want[0]) if isinstance(want[0], dict) else None
        if kind == b"J" and order is not None and list(load(got)[0]) != order:
            return "changed the order to %r" % got
        return None
    if kind == b"P":
        want = float(question)
        if abs(want) == float("inf"):
            return None if status == b"E" else "is infinite"
        return None if got == struct.pack("<d", want) else "is not %r" % want
    v = struct.unpack("<d", question)[0]
    text = got.decode()
    if struct.pack("<d", float(text)) != question or digits_of(text) != digits_of(repr(v)):
        return "%r became %s" % (v, text)
    return None


def main():
    seed = int(os.environ.get("LODE_SEED", int(time.time())))
    print("seed: LODE_SEED=%d" % seed)
    r = random.Random(seed)
    questions = []
    for i in range(TEXTS):
        text = (random_space(r) + random_value(r, r.randint(0, 6)) + random_space(r)).encode("utf-8")
        if i % 2:
            text = damage(r, text)
        questions.append((b"JW"[i % 3 == 0:][:1], text))
    for _ in range(NUMBERS):
        v = random_double(r)
        questions.append((b"D", struct.pack("<d", v)))
        questions.append((b"P", repr(v).replace("e+", "e").encode()))
        questions.append((b"P", random_number(r).encode()))
    answers = ask(sys.argv[1], questions)
    wrong = 0
    for (kind, question), answer in zip(questions, answers):
        sentence = judge(kind, question, answer)
        if sentence:
            wrong += 1
            if wrong <= 10:
                print("%s %.400r: %s" % (kind.decode(), question, sentence[:400]))
    accepted = sum(1 for (k, _), (s, _) in zip(questions, answers) if k in b"JW" and s == b"K")
    print("%d texts (%d accepted), %d numbers, %d wrong" % (TEXTS, accepted, 3 * NUMBERS, wrong))
    if wrong or accepted < TEXTS // 2 or accepted > TEXTS * 9 // 10:
        sys.exit(1)


main()
