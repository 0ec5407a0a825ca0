# SPDX-License-Identifier: MIT
"""Documents: what goes in, in every form and coding, and what comes out again."""
import gzip
import json
import random
import subprocess
import zlib

from product_common import Server, equal, main

NDJSON, CSV = {"Content-Type": "application/x-ndjson"}, {"Content-Type": "text/csv"}
ADD = "/indexes/films/documents"


def raw(server, uid="films", query=""):
    """The documents as bytes, in their order: digits and members as they are stored."""
    body = server.http("GET", "/indexes/%s/documents?limit=100000%s" % (uid, query)).body
    end = body.rindex(b'],"offset":')
    return body[len(b'{"results":['):end]


# ---- adding ------------------------------------------------------------------------------------------


def test_post_replaces_and_put_updates():
    with Server() as server:
        server.write("POST", ADD, [{"id": 1, "title": "Carol", "cast": {"a": 1, "b": 2}, "tags": ["x"]}])
        server.write("PUT", ADD, [{"id": 1, "cast": {"c": 3}, "year": 2015}])
        equal(raw(server), b'{"id":1,"title":"Carol","cast":{"c":3},"tags":["x"],"year":2015}',
              "members laid over, nested ones whole, new ones behind")
        server.write("POST", ADD, [{"id": 1, "title": "Carol"}])
        equal(raw(server), b'{"id":1,"title":"Carol"}')
        server.write("PUT", ADD, [{"id": 1, "title": None}, {"id": 2, "n": 1}])
        equal(raw(server), b'{"id":1,"title":null},{"id":2,"n":1}')
        task = server.write("PUT", ADD, [{"id": 1, "n": 1}, {"id": 1, "n": 2}, {"id": 1, "m": 3}])
        equal(task["details"], {"receivedDocuments": 3, "indexedDocuments": 3}, "doubles all count")
        equal(server.get(ADD + "/1"), {"id": 1, "title": None, "n": 2, "m": 3})


def test_what_comes_out_has_the_digits_that_went_in():
    text = ('{"id":1,"a":1.50,"b":-0,"c":1e5,"d":12345678901234567890123,"e":0.1000,"f":"\\u00e9\\n\\"\\/","g":"é\U0001f3ac",'
            '"h":{"z":[],"y":{},"x":[[1],{"w":null}]},"":true," ":false}')
    with Server() as server:
        server.write("POST", ADD, text.encode(), headers={"Content-Type": "application/json"})
        stored = raw(server)
        equal(json.loads(stored), json.loads(text))
        for digits in (b"1.50", b"-0", b"1e5", b"12345678901234567890123", b"0.1000"):
            assert digits in stored, "%r is not in %r" % (digits, stored)
        equal(list(json.loads(stored)), list(json.loads(text)), "order of members")
        equal(json.loads(server.grpc("Documents.Get", index_uid="films", document_id="1").document), json.loads(text))


def test_ids():
    with Server() as server:
        server.write("POST", ADD, [{"id": 1, "v": "a"}, {"id": "1", "v": "b"}])
        equal(raw(server), b'{"id":"1","v":"b"}', "1 and \"1\" are one document, with the later one's type")
        server.write("PUT", ADD, [{"id": 1, "w": 1}])
        equal(raw(server), b'{"id":1,"v":"b","w":1}')
        many = [{"id": 18446744073709551615}, {"id": -9223372036854775808}, {"id": 0}, {"id": "A-z_9"}, {"id": "x" * 511}]
        server.write("POST", ADD, many)
        for document in many:
            equal(server.get(ADD + "/%s" % document["id"]), document)
        server.write("POST", ADD, [{"id": 18446744073709551616}], status="failed")
        equal(server.get(ADD + "?limit=0")["total"], 6)


def test_the_primary_key():
    with Server() as server:
        def key(uid):
            return server.get("/indexes/" + uid)["primaryKey"]

        for uid, document, found in (("a", {"title": "x", "id": 1}, "id"), ("b", {"movieID": 1, "n": 2}, "movieID"),
                                     ("c", {"x_Id": "7"}, "x_Id"), ("d", {"id": {"id": 1}, "n": 0}, None)):
            server.write("POST", "/indexes/%s/documents" % uid, [document], "succeeded" if found else "failed")
            if found:
                equal(key(uid), found, uid)
        server.write("POST", "/indexes/e/documents?primaryKey=code", [{"code": "x", "id": 1, "uuid": 2}])
        equal(key("e"), "code")
        server.write("POST", "/indexes/e/documents?primaryKey=code", [{"code": "y"}])
        server.write("POST", "/indexes/e/documents?primaryKey=id", [{"code": "z", "id": 1}], status="failed")
        server.write("POST", "/indexes/f/documents?primaryKey=a.id", [{"a": {"id": "deep"}}, {"a.id": "flat"}])
        equal(server.get("/indexes/f/documents/deep"), {"a": {"id": "deep"}})
        equal(server.get("/indexes/f/documents/flat"), {"a.id": "flat"})
        server.write("POST", "/indexes", {"uid": "g"})
        equal(key("g"), None)
        server.write("PUT", "/indexes/g/documents", [{"gid": 1}])
        equal(key("g"), "gid")
        # The first document alone decides, and a failed task leaves the key as it was.
        server.write("POST", "/indexes/h/documents", [{"id": 1}, {"other_id": 2}], status="failed")
        server.write("POST", "/indexes/h/documents", [{"other_id": 2}])
        equal(key("h"), "other_id")


def test_one_bad_document_fails_the_whole_task():
    with Server() as server:
        server.write("POST", ADD, [{"id": i, "v": 1} for i in range(10)])
        before = raw(server)
        documents = [{"id": i, "v": 2} for i in range(10)] + [{"id": "no good"}]
        task = server.write("PUT", ADD, documents, status="failed")
        equal(task["details"], {"receivedDocuments": 11, "indexedDocuments": 0})
        equal(raw(server), before)


def test_json_forms():
    with Server() as server:
        for body, count in ((b'{"id":1}', 1), (b' [ {"id" : 2} , {"id":3}\n] ', 2), (b"[]", 0), (b" [ ] ", 0)):
            task = server.write("POST", ADD, body, headers={"Content-Type": "application/json"})
            equal(task["details"], {"receivedDocuments": count, "indexedDocuments": count}, body)
        equal(raw(server), b'{"id":1},{"id":2},{"id":3}')


def test_ndjson():
    with Server() as server:
        body = b'{"id":1}\n\n{"id":2}{"id":3}\r\n \t{\n"id":4}\n'
        task = server.write("POST", ADD, body, headers=NDJSON)
        equal(task["details"]["receivedDocuments"], 4)
        equal(raw(server), b'{"id":1},{"id":2},{"id":3},{"id":4}')


def test_csv():
    body = ('id:number,name,"with, comma",size:number,seen:boolean,note:string,odd:thing,a:b:number\r\n'
            '1,plain,"quoted ""and""\nbroken", 3 ,true,true,x,7\r\n'
            '2,,,1.5,false,,"",\r\n'
            '-3, spaces kept ,"",1e3, true ,007,é,9223372036854775807')
    with Server() as server:
        task = server.write("POST", ADD + "?primaryKey=id", body.encode(), headers=CSV)
        equal(task["details"], {"receivedDocuments": 3, "indexedDocuments": 3})
        names = ["id", "name", "with, comma", "size", "seen", "note", "odd:thing", "a:b"]
        rows = server.documents("films")
        equal([list(r) for r in rows], [names] * 3)
        equal([list(r.values()) for r in rows], [
            [1, "plain", 'quoted "and"\nbroken', 3, True, "true", "x", 7],
            [2, None, None, 1.5, False, None, None, None],
            [-3, " spaces kept ", None, 1000.0, True, "007", "é", 9223372036854775807]])
        server.write("POST", "/indexes/semi/documents?csvDelimiter=;", b"id;a,b\n1;x,y\n", headers=CSV)
        equal(raw(server, "semi"), b'{"id":"1","a,b":"x,y"}')
        server.write("POST", "/indexes/tab/documents?csvDelimiter=%09", b"id\tb\n1\t2\n", headers=CSV)
        equal(raw(server, "tab"), b'{"id":"1","b":"2"}')
        task = server.write("POST", "/indexes/tab/documents", b"id,b\n", headers=CSV)
        equal(task["details"]["receivedDocuments"], 0)


def test_skip_creation():
    with Server() as server:
        server.write("POST", ADD, [{"id": 1, "a": 1}])
        task = server.write("PUT", ADD + "?skipCreation=TRUE", [{"id": 1, "b": 2}, {"id": 2, "b": 2}])
        equal(task["details"]["receivedDocuments"], 2)
        equal(raw(server), b'{"id":1,"a":1,"b":2}')
        server.write("POST", ADD + "?skipCreation=true", [{"id": 1, "c": 3}, {"id": 3}])
        equal(raw(server), b'{"id":1,"c":3}')
        server.write("POST", ADD + "?skipCreation=false", [{"id": 3}])
        equal(raw(server), b'{"id":1,"c":3},{"id":3}')


def test_custom_metadata():
    with Server() as server:
        for method, path, body in (("POST", ADD, [{"id": 1}]), ("PUT", ADD, [{"id": 1}]), ("DELETE", ADD + "/1", None),
                                   ("POST", ADD + "/delete-batch", [1]), ("DELETE", ADD, None)):
            answer = server.http(method, path + "?customMetadata=na%C3%AFve%20%7B%7D", body)
            equal((answer.status, answer.json.get("customMetadata")), (202, "naïve {}"), method + path)
            task = server.wait_task(answer.json["taskUid"])
            equal(task["customMetadata"], "naïve {}")
        assert "customMetadata" not in server.write("POST", ADD, [{"id": 1}])


# ---- codings -----------------------------------------------------------------------------------------------


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def test_content_codings():
    rng = random.Random(7)
    documents = [{"id": i, "text": "".join(rng.choices("abcdef ", k=rng.randrange(300)))} for i in range(2000)]
    body = json.dumps(documents).encode()
    forms = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), "zstd": zstd(body), "identity": body,
             "x-gzip": gzip.compress(body)}
    with Server() as server:
        for n, (coding, coded) in enumerate(forms.items()):
            for chunk in (0, 1 + n * 777):
                sent = coded if not chunk else iter([coded[i:i + chunk] for i in range(0, len(coded), chunk)])
                server.write("DELETE", "/indexes/films", status=None)
                task = server.write("POST", ADD, sent,
                                    headers={"Content-Type": "application/json", "Content-Encoding": coding})
                equal(task["details"]["indexedDocuments"], 2000, coding)
                assert server.documents("films") == documents, coding
        for method, path, json_body in (("PATCH", "/indexes/films/settings", b'{"stopWords":["a"]}'),
                                        ("POST", "/indexes/films/documents/fetch", b'{"limit":1}')):
            answer = server.http(method, path, gzip.compress(json_body),
                                 {"Content-Type": "application/json", "Content-Encoding": "gzip"})
            assert answer.status in (200, 202), (path, answer)
        total = server.get("/tasks")["total"]
        for coding, coded in (("gzip", forms["gzip"][:-9]), ("gzip", b"x" + forms["gzip"]), ("zstd", forms["zstd"][:-5]),
                              ("deflate", forms["deflate"][:40] + b"\0" + forms["deflate"][41:]), ("doggo", body)):
            answer = server.http("POST", ADD, coded, {"Content-Type": "application/json", "Content-Encoding": coding})
            assert answer.status in (400, 415), (coding, answer)
            equal(list(answer.json), ["message", "code", "type", "link"])
        equal(server.get("/tasks")["total"], total, "a damaged body left a task")


def test_a_bomb_is_refused():
    bomb = gzip.compress(b'[{"id":1,"text":"' + b"x" * (40 << 20) + b'"}]', 9)
    with Server("--http-payload-size-limit", "8MiB") as server:
        answer = server.http("POST", ADD, bomb, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        equal((answer.status, answer.json["code"]), (413, "payload_too_large"))
        equal(server.get("/tasks")["total"], 0)


def test_many_pieces_and_sizes_through_both_doors():
    """The parser sees every way a payload can be cut; what is stored does not depend on it."""
    documents = [{"id": i, "s": "é\U0001f3ac\\\"" * (i % 7), "n": i * 1.5} for i in range(60)]
    body = json.dumps(documents, ensure_ascii=False).encode()
    with Server() as server:
        for piece in (1, 2, 3, 7, 64, 1000):
            server.write("DELETE", "/indexes/films", status=None)
            uid = server.upload("films", body, piece=piece).task_uid
            server.wait_task(uid)
            equal(server.documents("films"), documents, "gRPC, pieces of %d" % piece)
            server.write("DELETE", "/indexes/films")
            pieces = iter([body[i:i + piece] for i in range(0, len(body), piece)])
            server.write("POST", ADD, pieces, headers={"Content-Type": "application/json"})
            equal(server.documents("films"), documents, "HTTP, pieces of %d" % piece)


def test_large():
    with Server() as server:
        big = {"id": "big", "text": "x" * (3 << 20)}
        server.write("POST", ADD, [big])
        documents = [{"id": i, "title": "t%d" % i} for i in range(30000)]
        task = server.write("POST", ADD, documents)
        equal(task["details"]["indexedDocuments"], 30000)
        assert server.documents("films") == [big] + documents
        equal(server.get(ADD + "?offset=29999&limit=5")["results"], documents[29998:])
        server.write("DELETE", ADD + "/big")
        server.write("POST", ADD + "/delete-batch", list(range(0, 30000, 2)))
        assert server.documents("films") == documents[1::2]
        equal(server.get("/indexes/films/stats")["numberOfDocuments"], 15000)


# ---- reading ---------------------------------------------------------------------------------------------------


def test_lists():
    documents = [{"id": i, "a": {"b": i, "c": [{"d": 1, "e": 2}]}, "z": "é"} for i in range(30)]
    with Server() as server:
        server.write("POST", ADD, documents)
        first = server.get(ADD)
        equal({k: first[k] for k in ("offset", "limit", "total")}, {"offset": 0, "limit": 20, "total": 30})
        equal(list(first), ["results", "offset", "limit", "total"])
        equal(first["results"], documents[:20])
        for offset, limit in ((0, 0), (0, 1), (29, 1), (28, 5), (30, 5), (1000, 5), (0, 1000)):
            page = {"results": documents[offset:offset + limit], "offset": offset, "limit": limit, "total": 30}
            equal(server.get(ADD + "?offset=%d&limit=%d" % (offset, limit)), page)
            equal(server.http("POST", ADD + "/fetch", {"offset": offset, "limit": limit}).json, page)
        equal(server.get(ADD + "?limit=1&fields=z,nope")["results"], [{"z": "é"}])
        equal(server.get(ADD + "?limit=1&fields=*")["results"], documents[:1])
        equal(server.get(ADD + "/3?fields=a.b")["a"], {"b": 3})
        equal(server.get(ADD + "/3?fields=z,id"), {"id": 3, "z": "é"}, "order of the document")
        equal(list(server.get(ADD + "/3?fields=z,id")), ["id", "z"])
        equal(server.get(ADD + "/3?fields=nope"), {})
        equal(server.http("POST", ADD + "/fetch", {"fields": ["id"], "limit": 2}).json["results"], [{"id": 0}, {"id": 1}])
        equal(server.http("POST", ADD + "/fetch", {"fields": None, "ids": None}).json["total"], 30)
        ids = server.get(ADD + "?ids=7,3,nope,29,3&fields=id")
        equal((ids["results"], ids["total"]), ([{"id": 3}, {"id": 7}, {"id": 29}], 3), "stored order, unknown ones skipped")
        both = server.http("POST", ADD + "/fetch", {"ids": [29, "3", 7], "offset": 1, "limit": 1, "fields": ["id"]}).json
        equal(both, {"results": [{"id": 7}], "offset": 1, "limit": 1, "total": 3})


def test_order_survives_updates_and_deletes():
    with Server() as server:
        server.write("POST", ADD, [{"id": i} for i in range(6)])
        server.write("PUT", ADD, [{"id": 2, "n": 1}])
        server.write("POST", ADD, [{"id": 0, "m": 1}])
        equal([d["id"] for d in server.documents("films")], [0, 1, 2, 3, 4, 5], "an update keeps the place")
        server.write("DELETE", ADD + "/3")
        server.write("POST", ADD, [{"id": 3}])
        ids = [d["id"] for d in server.documents("films")]
        equal([i for i in ids if i != 3], [0, 1, 2, 4, 5])
        equal(sorted(ids), [0, 1, 2, 3, 4, 5])


# ---- deleting -------------------------------------------------------------------------------------------------------


def test_deletes_and_their_details():
    with Server() as server:
        server.write("POST", ADD, [{"id": i} for i in range(10)])
        for method, path, body, details in (
                ("DELETE", "/3", None, {"providedIds": 1, "deletedDocuments": 1, "originalFilter": None}),
                ("DELETE", "/3", None, {"providedIds": 1, "deletedDocuments": 0, "originalFilter": None}),
                ("DELETE", "/no%20good", None, {"providedIds": 1, "deletedDocuments": 0, "originalFilter": None}),
                ("POST", "/delete-batch", [1, "2", 3, "x", 1], {"providedIds": 5, "deletedDocuments": 2,
                                                                "originalFilter": None}),
                ("POST", "/delete-batch", [], {"providedIds": 0, "deletedDocuments": 0, "originalFilter": None}),
                ("DELETE", "", None, {"deletedDocuments": 7}), ("DELETE", "", None, {"deletedDocuments": 0})):
            task = server.write(method, ADD + path, body)
            equal((task["type"], task["details"]), ("documentDeletion", details), method + path)
        equal(server.get(ADD)["total"], 0)
        equal(server.get("/indexes/films")["primaryKey"], "id", "the key stays")
        task = server.write("DELETE", "/indexes/none/documents", status="failed")
        equal(task["details"], {"deletedDocuments": 0})
        task = server.write("POST", "/indexes/none/documents/delete-batch", [1, 2], status="failed")
        equal(task["details"], {"providedIds": 2, "deletedDocuments": 0, "originalFilter": None})


def test_stats_follow():
    with Server() as server:
        server.write("POST", "/indexes", {"uid": "films"})
        empty = {"numberOfDocuments": 0, "rawDocumentDbSize": 0, "avgDocumentSize": 0, "isIndexing": False,
                 "numberOfEmbeddings": 0, "numberOfEmbeddedDocuments": 0, "fieldDistribution": {}, "indexSize": 0,
                 "usedIndexSize": 0}
        equal(server.get("/indexes/films/stats"), empty)
        server.write("POST", ADD, [{"id": 1, "a": {"b": 1}}, {"id": 2, "z": None}])
        stats = server.get("/indexes/films/stats")
        equal(list(stats), list(empty))
        equal((stats["numberOfDocuments"], stats["avgDocumentSize"] > 0, stats["rawDocumentDbSize"] > 0), (2, True, True))
        equal(stats["fieldDistribution"], {"a": 1, "a.b": 1, "id": 2, "z": 1})
        server.write("PUT", ADD, [{"id": 2, "a": 5}])
        equal(server.get("/indexes/films/stats")["fieldDistribution"], {"a": 2, "a.b": 1, "id": 2, "z": 1})
        server.write("DELETE", ADD + "/1")
        equal(server.get("/indexes/films/stats")["fieldDistribution"], {"a": 1, "id": 1, "z": 1})
        whole = server.get("/stats")
        equal(list(whole), ["databaseSize", "usedDatabaseSize", "lastUpdate", "indexes"])
        equal(whole["indexes"]["films"], server.get("/indexes/films/stats"))
        equal(whole["lastUpdate"], server.get("/indexes/films")["updatedAt"])
        assert isinstance(server.get("/stats?sizeFormat=human")["databaseSize"], str)
        server.write("DELETE", ADD)
        equal(server.get("/indexes/films/stats"), empty)


def sizes(server):
    stats = server.get("/indexes/films/stats?showInternalDatabaseSizes=true")
    inside = stats["internalDatabaseSizes"]
    equal(list(inside), ["documents", "search"])
    equal(inside["documents"], stats["rawDocumentDbSize"])
    equal(stats["indexSize"], inside["documents"] + inside["search"])
    equal(server.get("/stats")["usedDatabaseSize"], stats["indexSize"], "there is one index")
    return inside


def test_sizes_rise_and_fall():
    films = [{"id": n, "title": "a film called %d and so on" % n, "year": 1900 + n % 100} for n in range(400)]
    with Server() as server:
        server.write("POST", ADD, films[:200])
        half = sizes(server)
        server.write("POST", ADD, films[200:])
        whole = sizes(server)
        assert whole["documents"] > half["documents"] > 0 and whole["search"] > half["search"] > 0, (half, whole)
        server.write("PATCH", "/indexes/films/settings", {"filterableAttributes": ["year", "title"]})
        columns = sizes(server)
        equal(columns["documents"], whole["documents"], "settings change no document")
        assert columns["search"] > whole["search"], (whole, columns)
        server.write("PATCH", "/indexes/films/settings", {"filterableAttributes": []})
        less = sizes(server)
        assert less["search"] < columns["search"], (columns, less)
        server.write("PATCH", "/indexes/films/settings", {"searchableAttributes": ["year"]})
        narrow = sizes(server)
        assert narrow["search"] < whole["search"], (whole, narrow)
        server.write("POST", ADD + "/delete-batch", list(range(300)))
        assert sizes(server)["documents"] < whole["documents"]
        server.write("DELETE", ADD)
        equal(sizes(server), {"documents": 0, "search": 0})


if __name__ == "__main__":
    main(globals())
