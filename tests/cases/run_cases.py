#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""run_cases.py LODE_SERVER [--bless] [FILE.case ...] -- search behaviour as text anyone can read.

A .case file holds indexes and what is asked of them:

    index {"searchableAttributes": ["title"]}     settings (more than one line is fine), then documents
    {"id": 1, "title": "Carol"}

    case 2.1 a name                               then the request, then (if wished) what to show
    {"q": "carol"}
    show ids total                                ids and total are the default

A case's name begins with the section (SECTIONS below) of the contract that it shows; every section has
cases. A line that begins with # is a remark. "index NAME {...}" names an index; NAME@ in requests stands
for its uid, and in what is shown @ alone for that of an index without a name. A request begins with its
kind, unless it is a search: many (multi-search), facet (facet-search), documents (documents/fetch), each
of the last index. "features {...}" says which experimental features are on for the cases after it;
at first none is. What can be shown:

    ids total      ids of the hits in order; the total (estimated or exact)
    hits           every hit as it is        scores    _rankingScore of each, rounded to 4 places
    score          _rankingScoreDetails, values rounded likewise
    facets         facetDistribution, facetStats      window    limit, offset, page and so on
    formatted      _formatted of each        matches   _matchesPosition of each
    answer         all of it but times and uids

An answer that is an error shows its code and message whatever was asked for. The .want file beside it has
a block for each case. Every request goes through both doors, which must say the same. --bless writes what
came as .want: read the difference before it is committed.
"""
import glob
import http.client
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "door", "product"))
import both_doors  # noqa: E402 -- makes JSON of gRPC answers
from product_common import (Failure, Server, difference, message_class, methods,  # noqa: E402
                            options_pb2)

SHOWABLE = ["ids", "total", "scores", "score", "hits", "formatted", "matches", "facets", "window", "answer"]
KINDS = {"search": ("Search.Find", "POST", "/indexes/%s/search"), "many": ("Search.FindMany", "POST", "/multi-search"),
         "facet": ("Search.FindFacets", "POST", "/indexes/%s/facet-search"),
         "documents": ("Documents.Fetch", "POST", "/indexes/%s/documents/fetch")}
# Of the contract of searching, and, with API, of the routes and their bodies.
SECTIONS = {
    "1.1": "which values are words", "1.2": "where words begin and end", "1.3": "places of words",
    "2.1": "reading a query", "2.2": "what a word may stand for", "2.3": "which words may be missing",
    "3": "the ranking rules", "3.1": "proximity", "3.2": "wordPosition", "3.3": "exactness", "3.4": "a worked example", "3.5": "scores",
    "4": "sorts and rules of one's own", "5": "distinct", "6.1": "when values are equal", "6.2": "filters", "7": "facets",
    "8": "members of hits", "9": "_formatted", "9.1": "marks", "9.2": "crops", "10": "_matchesPosition", "11": "pages and totals",
    "12": "attributesToSearchOn", "13": "synonyms, stop words", "14": "nothing there", "15": "one list of several searches",
    "API 3": "documents", "API 4": "settings", "API 5": "a search", "API 5.1": "several searches", "API 5.2": "facet search",
}
TOTALS = ("estimatedTotalHits", "totalHits", "total")
CHANGING = ("processingTimeMs", "requestUid", "performanceDetails")

# ---- reading -----------------------------------------------------------------------------------------


class Index:
    def __init__(self, name, settings):
        self.name, self.settings, self.documents, self.uid = name, settings, [], None


class Case:
    def __init__(self, path, line, name, index):
        self.path, self.line, self.name, self.index = path, line, name, index
        self.section = re.match(r"(API )?[\d.]*", name)[0]
        self.kind, self.request, self.show = "search", None, ["ids", "total"]
        self.features = {}

    def __str__(self):
        return "%s:%d: %s" % (os.path.basename(self.path), self.line, self.name)


def fail(path, line, what):
    sys.exit("%s:%d: %s" % (os.path.basename(path), line, what))


def json_from(path, lines, at, text):
    """JSON that begins with text, on line `at`, and goes on over lines until it is whole."""
    start = at
    while True:
        try:
            return json.loads(text), at
        except ValueError as error:
            at += 1
            if at >= len(lines) or not lines[at].strip() or re.match(r"(index|case|show|features)\b", lines[at]):
                fail(path, start + 1, "no JSON: %s" % error)
            text += "\n" + lines[at]


def parse(path):
    """The indexes and cases of one file."""
    indexes, cases, at, features = [], [], 0, {}
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    while at < len(lines):
        line = lines[at]
        words = re.match(r"(index|case|show|features|many|facet|documents|search|(?=[{\[]))\s*(.*)", line)
        if not line.strip() or line.startswith("#"):
            pass
        elif not words:
            fail(path, at + 1, "what is this? " + line)
        elif words[1] == "index":
            name, settings = re.match(r"([\w-]*)\s*(.*)", words[2]).groups()
            value, at = json_from(path, lines, at, settings or "{}")
            indexes.append(Index(name, value))
        elif words[1] == "case":
            if not indexes:
                fail(path, at + 1, "a case before any index")
            cases.append(Case(path, at + 1, words[2], indexes[-1]))
            if cases[-1].section not in SECTIONS:
                fail(path, at + 1, "a case of no section")
            cases[-1].features = features
        elif words[1] == "features":
            features, at = json_from(path, lines, at, words[2])
        elif words[1] == "show":
            cases[-1].show = words[2].split()
            unknown = set(cases[-1].show) - set(SHOWABLE)
            if unknown:
                fail(path, at + 1, "cannot show %s" % ", ".join(sorted(unknown)))
        else:
            value, at = json_from(path, lines, at, words[2])
            if cases and cases[-1].index is indexes[-1]:
                if cases[-1].request is not None:
                    fail(path, at + 1, "a second request in one case")
                cases[-1].kind, cases[-1].request = words[1] or "search", value
            else:
                indexes[-1].documents += value if isinstance(value, list) else [value]
        at += 1
    names = [c.name for c in cases]
    for case in cases:
        if case.request is None or names.count(case.name) > 1:
            fail(path, case.line, "no request" if case.request is None else "a second case of that name")
    return indexes, cases


def read_wants(path):
    """Case name -> what it wants; {} without the file."""
    wants, name = {}, None
    if not os.path.exists(path):
        return wants
    with open(path, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line.startswith("case "):
                name = line[5:]
                wants[name] = []
            elif line.strip() and not line.startswith("#"):
                wants[name].append(line)
    return {k: "\n".join(v) for k, v in wants.items()}


# ---- asking, through both doors ------------------------------------------------------------------------


class Http:
    """One connection that stays."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, verb, path, body=None):
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.connection.request(verb, path, data, {"Content-Type": "application/json"} if data else {})
        response = self.connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else None


def must_be(kind, value):
    """What a client of gRPC could not even write down is not made to fit."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError("no %s" % (kind,))


def value_from(field, value):
    """One element of a field, out of JSON."""
    rule = field.GetOptions().Extensions[options_pb2.field]
    if field.type == field.TYPE_BOOL:
        must_be(bool, value)
    elif field.cpp_type in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64, field.CPPTYPE_INT32, field.CPPTYPE_INT64):
        must_be(int, value)
    if field.message_type:
        return message_from(field.message_type, value)
    if field.enum_type:
        return next(v.number for v in field.enum_type.values if both_doors.enum_name(field.enum_type, v.number) == value)
    if rule.raw_json:
        return json.dumps(value, ensure_ascii=False).encode()
    return str(value) if rule.number_as_string else value


def message_from(descriptor, value):
    """A gRPC message out of the JSON of an HTTP request."""
    if descriptor.GetOptions().Extensions[options_pb2.message].transparent:
        must_be(list, value)
        message = message_class(descriptor)()
        getattr(message, descriptor.fields[0].name).extend(value_from(descriptor.fields[0], v) for v in value)
        return message
    must_be(dict, value)
    message = message_class(descriptor)()
    rules = {both_doors.lower_camel(f.name): f.GetOptions().Extensions[options_pb2.field] for f in descriptor.fields}
    if any(rule.required and name not in value for name, rule in rules.items()):
        raise ValueError("a member is missing")  # gRPC has defaults, and nothing that is missing
    for name, member in value.items():
        field = next((f for f in descriptor.fields if both_doors.lower_camel(f.name) == name), None)
        if field is None:
            raise ValueError("no member " + name)
        if member is None and rules[name].default_value:
            raise ValueError("no null")
        if member is None:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            must_be(dict, member)
            inner = field.message_type.fields_by_name["value"]
            for key, one in member.items():
                getattr(message, field.name)[key].CopyFrom(
                    message_class(inner.message_type)() if one is None else value_from(inner, one))
        elif field.label == field.LABEL_REPEATED:
            must_be(list, member)
            getattr(message, field.name).extend(value_from(field, v) for v in member)
        elif field.message_type:
            getattr(message, field.name).CopyFrom(value_from(field, member))
        else:
            setattr(message, field.name, value_from(field, member))
    return message


def through_grpc(server, case, request):
    """The answer as JSON, or the error object; None when gRPC has no words for the request."""
    name = KINDS[case.kind][0]
    try:
        message = message_from(methods()[name].input_type, request)
    except (ValueError, TypeError, StopIteration):
        return None  # a wrong type or an unknown member: JSON alone can say that
    if case.kind != "many":
        message.index_uid = case.index.uid
    try:
        return both_doors.to_json(server.grpc(name, message))
    except Failure as failure:
        if not failure.info:
            raise
        return {n: getattr(failure.info, n) for n in ("message", "code", "type", "link")}


def without_changing(answer):
    if isinstance(answer, dict):
        return {k: without_changing(v) for k, v in answer.items() if k not in CHANGING}
    return [without_changing(v) for v in answer] if isinstance(answer, list) else answer


# ---- showing -------------------------------------------------------------------------------------------


def text(value):
    return json.dumps(value, ensure_ascii=False)


def rounded(value):
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def identity(hit):
    """The id; with the index in front when the list is of several."""
    if "_federation" in hit:
        return "%s:%s" % (hit["_federation"]["indexUid"], hit.get("id"))
    return str(hit.get("id"))


def show_list(answer, wish):
    hits = answer.get("hits", answer.get("results", answer.get("facetHits")))
    shown = []
    for part in wish:
        if part == "ids":
            shown.append(("ids " + " ".join(identity(h) for h in hits)).rstrip())
        elif part == "total":
            shown += ["total %d" % answer[name] for name in TOTALS if name in answer]
        elif part == "window":
            shown.append("window " + text({k: v for k, v in answer.items() if k not in CHANGING and isinstance(v, int)}))
        elif part == "facets":
            shown += ["%s %s" % (k, text(answer[k])) for k in
                      ("facetDistribution", "facetStats", "facetsByIndex") if k in answer]
        elif part == "answer":
            shown.append(text(rounded(without_changing(answer))))
        else:
            member = {"scores": "_rankingScore", "score": "_rankingScoreDetails", "formatted": "_formatted",
                      "matches": "_matchesPosition"}.get(part)
            shown += ["%s %s" % (part, text(rounded(h.get(member) if member else h))) for h in hits]
    return shown


def show(case, answer):
    if isinstance(answer, dict) and "code" in answer and "link" in answer:
        return "error %s\n%s" % (answer["code"], "\n".join("  " + line for line in answer["message"].split("\n")))
    if case.kind == "many" and "results" in answer:
        return "\n".join("\n".join(["index " + one["indexUid"], *show_list(one, case.show)]) for one in answer["results"])
    if case.kind == "facet":
        return text(answer["facetHits"])
    return "\n".join(show_list(answer, case.show))


def with_names(value, names, back):
    """NAME@ to uids in a request, and back in what is shown."""
    for name, uid in sorted(names.items(), key=lambda item: -len(item[0])):
        value = value.replace(uid, name + "@") if back else value.replace(name + "@", uid)
    return value


# ---- running -------------------------------------------------------------------------------------------


def fill(ask, indexes):
    """Makes all indexes; waits once, for the last task: they run in order."""
    last = None
    for i, index in enumerate(indexes):
        index.uid = "case-index-%03d" % i
        for verb, path, body in (("PATCH", "settings", index.settings), ("POST", "documents?primaryKey=id", index.documents)):
            status, answer = ask(verb, "/indexes/%s/%s" % (index.uid, path), body)
            assert status == 202, "%s: %s" % (index.uid, answer)
            last = answer["taskUid"]
    deadline = time.monotonic() + 60 * float(os.environ.get("LODE_TEST_SLOW", "1"))
    while ask("GET", "/tasks/%d" % last)[1]["status"] in ("enqueued", "processing"):
        assert time.monotonic() < deadline, "the indexes are not there after a minute"
        time.sleep(0.01)
    _, failed = ask("GET", "/tasks?statuses=failed&limit=1000")
    assert not failed["results"], "an index was not made: %s" % failed["results"][-1]["error"]["message"]


def ask_case(server, ask, case, names):
    """What the case shows; AssertionError when the doors differ."""
    request = json.loads(with_names(json.dumps(case.request), names, False))
    path = KINDS[case.kind][2]
    _, answer = ask("POST", path % case.index.uid if "%s" in path else path, request)
    other = through_grpc(server, case, request)
    if other is not None:
        one, two = without_changing(answer), without_changing(other)
        assert one == two, "HTTP and gRPC differ:%s" % difference(one, two)
    return with_names(show(case, answer), names, True).replace(case.index.uid, "@")


def switch(ask, now, wish):
    """The features of the next case; `now` is what was switched before."""
    body = dict({name: False for name in now}, **wish)
    if body != now:
        status, answer = ask("PATCH", "/experimental-features", body)
        assert status == 200, answer
    now.clear()
    now.update(body)


def run_file(server, ask, features, path, indexes, cases, bless):
    """How many cases of the file failed."""
    names = {index.name: index.uid for index in indexes if index.name}
    want_path = path[:-5] + ".want"
    wants, got, failed = read_wants(want_path), {}, 0
    for case in cases:
        try:
            switch(ask, features, case.features)
            got[case.name] = ask_case(server, ask, case, names)
            if not bless:
                want = wants.pop(case.name, None)
                assert want is not None, "nothing is wanted of it: write it, or --bless"
                assert got[case.name] == want, "another answer\n  wanted\n%s\n  got\n%s" % (want, got[case.name])
        except Exception as error:  # a case fails alone; a dead server fails the next ones too
            failed += 1
            print("FAIL %s\n  %s" % (case, str(error) or repr(error)))
            got.setdefault(case.name, wants.get(case.name, "failed"))
    if not bless and wants:
        failed += 1
        print("FAIL %s: wants cases that are not there: %s" % (os.path.basename(want_path), ", ".join(wants)))
    if bless:
        with open(want_path, "w", encoding="utf-8") as f:
            f.write("\n\n".join("case %s\n%s" % item for item in got.items()) + "\n")
    return failed


def main():
    bless = "--bless" in sys.argv
    paths = [a for a in sys.argv[2:] if a != "--bless"] or sorted(glob.glob(os.path.join(HERE, "*.case")))
    files = [(path, *parse(path)) for path in paths]
    assert files, "no cases"
    missing = set(SECTIONS) - {case.section for _, _, cases in files for case in cases}
    if missing and len(sys.argv) == 2:
        sys.exit("no case shows %s" % ", ".join("%s (%s)" % (s, SECTIONS[s]) for s in sorted(missing)))
    began = time.monotonic()
    with Server() as server:
        ask = Http(server.port)
        fill(ask, [index for _, indexes, _ in files for index in indexes])
        features = {}
        failed = sum(run_file(server, ask, features, *file, bless) for file in files)
        ask.connection.close()
    total = sum(len(cases) for _, _, cases in files)
    print("%d cases in %d files, %d failed, %.1f s" % (total, len(files), failed, time.monotonic() - began))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
