# SPDX-License-Identifier: MIT
"""The rows of errors.py: what is asked, and the status, code and message that must come back.

A row is (request, body, status, code, message), or with a sixth member, the Content-Type (None for
no such header; the default is application/json where there is a body). Sections are named after
those of the public error reference.
"""

# Two texts are Lode's own on purpose: a full queue (deleting ended tasks would not help there), and filters and sorts of
# documents, which come with search.
UID_RULE = ("is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, "
            "hyphens (-) and underscores (_), and can not be more than 512 bytes.")
ID_RULE = ("is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters "
           "(a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes.")
TYPES = ["documentAdditionOrUpdate", "documentEdition", "documentDeletion", "settingsUpdate", "indexCreation",
         "indexDeletion", "indexUpdate", "indexSwap", "taskCancelation", "taskDeletion", "dumpCreation",
         "snapshotCreation", "export", "upgradeDatabase", "indexCompaction", "networkTopologyChange", "dsrUpdate",
         "dsrClear"]
JSON_ONLY = "Accepted values for the Content-Type header are: `application/json`"
DOCUMENT_TYPES = JSON_ONLY + ", `application/x-ndjson`, `text/csv`"
LONG = "a" * 401


def quoted(names):
    return ", ".join("`%s`" % n for n in names)


# ---- routes that take a query string (http-errors.md section 3.2) ------------------------------------

PAGE = "expected one of `offset`, `limit`"
STATS = "expected one of `showInternalDatabaseSizes`, `sizeFormat`"
TASK_QUERY = ["limit", "from", "reverse", "batchUids", "uids", "canceledBy", "types", "statuses", "indexUids",
              "afterEnqueuedAt", "beforeEnqueuedAt", "afterStartedAt", "beforeStartedAt", "afterFinishedAt",
              "beforeFinishedAt"]
SELECT_QUERY = ["uids", "batchUids", "canceledBy", "types", "statuses", "indexUids"] + TASK_QUERY[9:]
FILTERS = ("Available query parameters are: `uids`, `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, "
           "`afterEnqueuedAt`, `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, `afterFinishedAt`.")

QUERY_ROWS = [
    ("GET /indexes?limit=a", None, 400, "invalid_index_limit",
     "Invalid value in parameter `limit`: could not parse `a` as a positive integer"),
    ("GET /indexes?limit=-1", None, 400, "invalid_index_limit",
     "Invalid value in parameter `limit`: could not parse `-1` as a positive integer"),
    ("GET /indexes?limit=", None, 400, "invalid_index_limit",
     "Invalid value in parameter `limit`: could not parse `` as a positive integer"),
    ("GET /indexes?limit=1.5", None, 400, "invalid_index_limit",
     "Invalid value in parameter `limit`: could not parse `1.5` as a positive integer"),
    ("GET /indexes?offset=doggo", None, 400, "invalid_index_offset",
     "Invalid value in parameter `offset`: could not parse `doggo` as a positive integer"),
    ("GET /indexes?doggo=1", None, 400, "bad_request", "Unknown parameter `doggo`: " + PAGE),
    ("GET /indexes?limt=1", None, 400, "bad_request", "Unknown parameter `limt`: did you mean `limit`? " + PAGE),
    ("GET /indexes?limti=1", None, 400, "bad_request", "Unknown parameter `limti`: did you mean `limit`? " + PAGE),
    ("GET /indexes?ofset=1", None, 400, "bad_request", "Unknown parameter `ofset`: did you mean `offset`? " + PAGE),
    ("GET /indexes?lim=1", None, 400, "bad_request", "Unknown parameter `lim`: " + PAGE),
    ("GET /indexes?a%20b=1", None, 400, "bad_request", "Unknown parameter `a b`: " + PAGE),
    ("GET /indexes?limit=a&doggo=1", None, 400, "invalid_index_limit",
     "Invalid value in parameter `limit`: could not parse `a` as a positive integer"),
    ("GET /indexes?doggo=1&limit=a", None, 400, "bad_request", "Unknown parameter `doggo`: " + PAGE),
    ("GET /stats?doggo=1", None, 400, "bad_request", "Unknown parameter `doggo`: " + STATS),
    ("GET /stats?sizeFormat=big", None, 400, "invalid_stats_size_format",
     "Unknown value `big` for parameter `sizeFormat`: expected one of `raw`, `human`"),
    ("GET /stats?sizeFormat=humn", None, 400, "invalid_stats_size_format",
     "Unknown value `humn` for parameter `sizeFormat`: did you mean `human`? expected one of `raw`, `human`"),
    ("GET /stats?showInternalDatabaseSizes=yes", None, 400, "invalid_stats_show_internal_database_sizes",
     "Invalid value in parameter `showInternalDatabaseSizes`: could not parse `yes` as a boolean, expected either "
     "`true` or `false`"),
    ("GET /indexes/films/stats?doggo=1", None, 400, "bad_request", "Unknown parameter `doggo`: " + STATS),
    ("GET /indexes/films/stats?sizeFormat=", None, 400, "invalid_stats_size_format",
     "Unknown value `` for parameter `sizeFormat`: expected one of `raw`, `human`"),
    ("GET /indexes/films/documents?limit=a", None, 400, "invalid_document_limit",
     "Invalid value in parameter `limit`: could not parse `a` as a positive integer"),
    ("GET /indexes/films/documents?offset=a", None, 400, "invalid_document_offset",
     "Invalid value in parameter `offset`: could not parse `a` as a positive integer"),
    ("GET /indexes/films/documents?retrieveVectors=a", None, 400, "invalid_document_retrieve_vectors",
     "Invalid value in parameter `retrieveVectors`: could not parse `a` as a boolean, expected either `true` or `false`"),
    ("GET /indexes/films/documents?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of `offset`, `limit`, `fields`, `retrieveVectors`, `ids`, `filter`, `sort`, `useNetwork`"),
    ("GET /indexes/films/documents?ids=1,a%20b", None, 400, "invalid_document_ids",
     "In `.ids[1]`: Document identifier `\"a b\"` " + ID_RULE),
    ("GET /indexes/films/documents/1?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of `fields`, `retrieveVectors`"),
    ("GET /indexes/films/documents/1?retrieveVectors=1", None, 400, "invalid_document_retrieve_vectors",
     "Invalid value in parameter `retrieveVectors`: could not parse `1` as a boolean, expected either `true` or `false`"),
    ("DELETE /indexes/films/documents/1?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of `customMetadata`"),
    ("DELETE /indexes/films/documents?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of `customMetadata`"),
    ("GET /tasks?limit=a", None, 400, "invalid_task_limit",
     "Invalid value in parameter `limit`: could not parse `a` as a positive integer"),
    ("GET /tasks?from=a", None, 400, "invalid_task_from",
     "Invalid value in parameter `from`: could not parse `a` as a positive integer"),
    ("GET /tasks?reverse=maybe", None, 400, "invalid_task_reverse",
     "Invalid value in parameter `reverse`: could not parse `maybe` as a boolean, expected either `true` or `false`"),
    ("GET /tasks?uids=a", None, 400, "invalid_task_uids",
     "Invalid value in parameter `uids`: could not parse `a` as a positive integer"),
    ("GET /tasks?uids=1,a", None, 400, "invalid_task_uids",
     "Invalid value in parameter `uids[1]`: could not parse `a` as a positive integer"),
    ("GET /tasks?uids=1,-2,3", None, 400, "invalid_task_uids",
     "Invalid value in parameter `uids[1]`: could not parse `-2` as a positive integer"),
    ("GET /tasks?batchUids=a", None, 400, "invalid_batch_uids",
     "Invalid value in parameter `batchUids`: could not parse `a` as a positive integer"),
    ("GET /tasks?canceledBy=a", None, 400, "invalid_task_canceled_by",
     "Invalid value in parameter `canceledBy`: could not parse `a` as a positive integer"),
    ("GET /tasks?types=doggo", None, 400, "invalid_task_types",
     "Invalid value in parameter `types`: `doggo` is not a valid task type. Available types are " + quoted(TYPES) + "."),
    ("GET /tasks?types=indexCreation,doggo", None, 400, "invalid_task_types",
     "Invalid value in parameter `types[1]`: `doggo` is not a valid task type. Available types are " + quoted(TYPES) +
     "."),
    ("GET /tasks?statuses=doggo", None, 400, "invalid_task_statuses",
     "Invalid value in parameter `statuses`: `doggo` is not a valid task status. Available statuses are `enqueued`, "
     "`processing`, `succeeded`, `failed`, `canceled`."),
    ("GET /tasks?statuses=in_progress", None, 400, "invalid_task_statuses",
     "Invalid value in parameter `statuses`: `in_progress` is not a valid task status. Available statuses are "
     "`enqueued`, `processing`, `succeeded`, `failed`, `canceled`."),
    ("GET /tasks?indexUids=a%20b", None, 400, "invalid_index_uid",
     "Invalid value in parameter `indexUids`: `a b` " + UID_RULE),
    ("GET /tasks?indexUids=a,b%20", None, 400, "invalid_index_uid",
     "Invalid value in parameter `indexUids[1]`: `b ` " + UID_RULE),
    ("GET /tasks?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of " + quoted(TASK_QUERY)),
    ("GET /tasks?afterEnqueuedA=1", None, 400, "bad_request",
     "Unknown parameter `afterEnqueuedA`: did you mean `afterEnqueuedAt`? expected one of " + quoted(TASK_QUERY)),
    ("GET /tasks/doggo", None, 400, "invalid_task_uids",
     "Task uid `doggo` is invalid. It should only contain numeric characters."),
    ("GET /tasks/-1", None, 400, "invalid_task_uids",
     "Task uid `-1` is invalid. It should only contain numeric characters."),
    ("GET /tasks/99999", None, 404, "task_not_found", "Task `99999` not found."),
    ("GET /batches?uids=a", None, 400, "invalid_task_uids",
     "Invalid value in parameter `uids`: could not parse `a` as a positive integer"),
    ("GET /batches?batchUids=1,a", None, 400, "invalid_batch_uids",
     "Invalid value in parameter `batchUids[1]`: could not parse `a` as a positive integer"),
    ("GET /batches?limit=a", None, 400, "invalid_task_limit",
     "Invalid value in parameter `limit`: could not parse `a` as a positive integer"),
    ("GET /batches?doggo=1", None, 400, "bad_request",
     "Unknown parameter `doggo`: expected one of " + quoted(TASK_QUERY)),
    ("GET /batches/doggo", None, 400, "invalid_batch_uids",
     "Batch uid `doggo` is invalid. It should only contain numeric characters."),
    ("GET /batches/99999", None, 404, "batch_not_found", "Batch `99999` not found."),
    ("POST /tasks/cancel", None, 400, "missing_task_filters",
     "Query parameters to filter the tasks to cancel are missing. " + FILTERS),
    ("DELETE /tasks", None, 400, "missing_task_filters",
     "Query parameters to filter the tasks to delete are missing. " + FILTERS),
    ("POST /tasks/cancel?limit=1", None, 400, "bad_request",
     "Unknown parameter `limit`: expected one of " + quoted(SELECT_QUERY)),
    ("DELETE /tasks?reverse=true", None, 400, "bad_request",
     "Unknown parameter `reverse`: expected one of " + quoted(SELECT_QUERY)),
    ("POST /tasks/cancel?uids=a", None, 400, "invalid_task_uids",
     "Invalid value in parameter `uids`: could not parse `a` as a positive integer"),
    ("DELETE /tasks?statuses=doggo", None, 400, "invalid_task_statuses",
     "Invalid value in parameter `statuses`: `doggo` is not a valid task status. Available statuses are `enqueued`, "
     "`processing`, `succeeded`, `failed`, `canceled`."),
    ("POST /tasks/cancel?indexUids=a%20b", None, 400, "invalid_index_uid",
     "Invalid value in parameter `indexUids`: `a b` " + UID_RULE),
    ("GET /dumps/doggo/status", None, 404, "dump_not_found", "Dump `doggo` not found."),
    ("GET /dumps/20200929-114144097/status", None, 404, "dump_not_found", "Dump `20200929-114144097` not found."),
]
for name in TASK_QUERY[9:]:
    word = "invalid_task_" + "".join("_" + c.lower() if c.isupper() else c for c in name)
    QUERY_ROWS += [
        ("GET /tasks?%s=%s" % (name, value), None, 400, word,
         "Invalid value in parameter `%s`: `%s` is an invalid date-time. It should follow the YYYY-MM-DD or RFC 3339 "
         "date-time format." % (name, value)) for value in ("doggo", "2021-13-01", "1621608620")]

# ---- uids in paths, and what is not there -------------------------------------------------------------

PATH_ROWS = [
    (verb + " /indexes/" + uid + rest, body, 400, "invalid_index_uid", "`%s` " % shown + UID_RULE)
    for uid, shown in (("a%20b", "a b"), ("caf%C3%A9", "café"), ("a.b", "a.b"), (LONG, LONG))
    for verb, rest, body in (("GET", "", None), ("PATCH", "", "{}"), ("DELETE", "", None), ("GET", "/stats", None),
                             ("GET", "/documents", None), ("GET", "/documents/1", None), ("GET", "/settings", None),
                             ("DELETE", "/documents", None), ("GET", "/settings/stop-words", None))
] + [
    (request, body, 404, "index_not_found", "Index `none` not found.")
    for request, body in (("GET /indexes/none", None), ("GET /indexes/none/stats", None),
                          ("GET /indexes/none/documents", None), ("GET /indexes/none/documents/1", None),
                          ("POST /indexes/none/documents/fetch", "{}"), ("GET /indexes/none/settings", None),
                          ("GET /indexes/none/settings/ranking-rules", None),
                          ("GET /indexes/none/settings/distinct-attribute", None))
] + [
    ("GET /indexes/films/documents/5", None, 404, "document_not_found", "Document `5` not found."),
    ("GET /indexes/films/documents/a%20b", None, 404, "document_not_found", "Document `a b` not found."),
    # The query, then the body, then the uid, then whether it is there.
    ("GET /indexes/a%20b/documents?limit=x", None, 400, "invalid_document_limit",
     "Invalid value in parameter `limit`: could not parse `x` as a positive integer"),
    ("POST /indexes/a%20b/documents/fetch", '{"limit":"x"}', 400, "invalid_document_limit",
     "Invalid value type at `.limit`: expected a positive integer, but found a string: `\"x\"`"),
    ("PATCH /indexes/a%20b/settings", '{"stopWords":1}', 400, "invalid_settings_stop_words",
     "Invalid value type at `.stopWords`: expected an array, but found a positive integer: `1`"),
    ("PATCH /indexes/a%20b", "", 400, "missing_payload", "A json payload is missing."),
]

# ---- JSON bodies (3.1, 4) ---------------------------------------------------------------------------------

INDEX = "expected one of `uid`, `primaryKey`"
FETCH = "expected one of `offset`, `limit`, `fields`, `retrieveVectors`, `ids`, `filter`, `sort`, `useNetwork`"
MALFORMED = "The json payload provided is malformed. `%s`."

BODY_ROWS = [
    ("POST /indexes", "{}", 415, "missing_content_type", "A Content-Type header is missing. " + JSON_ONLY, None),
    ("POST /indexes", "{}", 415, "invalid_content_type", "The Content-Type `text/plain` is invalid. " + JSON_ONLY,
     "text/plain"),
    ("POST /indexes", "{}", 415, "invalid_content_type", "The Content-Type `` is invalid. " + JSON_ONLY, ""),
    ("POST /indexes", "{}", 415, "invalid_content_type", "The Content-Type `json` is invalid. " + JSON_ONLY, "json"),
    ("POST /indexes", "{}", 415, "invalid_content_type", "The Content-Type `application` is invalid. " + JSON_ONLY,
     "application"),
    ("POST /indexes", "{}", 415, "invalid_content_type",
     "The Content-Type `json/application` is invalid. " + JSON_ONLY, "json/application"),
    ("PATCH /indexes/films", "{}", 415, "missing_content_type", "A Content-Type header is missing. " + JSON_ONLY, None),
    ("POST /swap-indexes", "[]", 415, "invalid_content_type", "The Content-Type `text/csv` is invalid. " + JSON_ONLY,
     "text/csv"),
    ("POST /indexes", "", 400, "missing_payload", "A json payload is missing."),
    ("PATCH /indexes/films/settings", "", 400, "missing_payload", "A json payload is missing."),
    ("PUT /indexes/films/settings/stop-words", "", 400, "missing_payload", "A json payload is missing."),
    ("POST /swap-indexes", "", 400, "missing_payload", "A json payload is missing."),
    ("POST /indexes/films/documents/fetch", "", 400, "missing_payload", "A json payload is missing."),
    ("POST /indexes", '{ "uid": "doggo", "pr', 400, "malformed_payload",
     MALFORMED % "EOF while parsing a string at line 1 column 21"),
    ("POST /indexes", '{ "uid": "doggo", "p":', 400, "malformed_payload",
     MALFORMED % "EOF while parsing a value at line 1 column 22"),
    ("POST /indexes", '{ "uid": "doggo" ,   ', 400, "malformed_payload",
     MALFORMED % "EOF while parsing a value at line 1 column 21"),
    ("POST /indexes", "{", 400, "malformed_payload", MALFORMED % "EOF while parsing an object at line 1 column 1"),
    ("POST /indexes", "[", 400, "malformed_payload", MALFORMED % "EOF while parsing a list at line 1 column 1"),
    ("POST /indexes", "doggo", 400, "malformed_payload", MALFORMED % "expected value at line 1 column 1"),
    ("POST /indexes", '{"uid":\n doggo}', 400, "malformed_payload", MALFORMED % "expected value at line 2 column 2"),
    ("POST /indexes", '{"uid":"a",}', 400, "malformed_payload", MALFORMED % "trailing comma at line 1 column 12"),
    ("POST /indexes", '{"uid" "a"}', 400, "malformed_payload", MALFORMED % "expected `:` at line 1 column 8"),
    ("POST /indexes", '{"uid":"a"} x', 400, "malformed_payload", MALFORMED % "trailing characters at line 1 column 13"),
    ("POST /indexes", '{1:2}', 400, "malformed_payload", MALFORMED % "key must be a string at line 1 column 2"),
    ("PATCH /indexes/films/settings", '{"stopWords":[', 400, "malformed_payload",
     MALFORMED % "EOF while parsing a list at line 1 column 14"),
    ("PUT /indexes/films/settings/stop-words", "doggo", 400, "malformed_payload",
     MALFORMED % "expected value at line 1 column 1"),
    ("POST /indexes", "[]", 400, "bad_request", "Invalid value type: expected an object, but found an array: `[]`"),
    ("POST /indexes", '"doggo"', 400, "bad_request",
     "Invalid value type: expected an object, but found a string: `\"doggo\"`"),
    ("POST /indexes", "13", 400, "bad_request",
     "Invalid value type: expected an object, but found a positive integer: `13`"),
    ("POST /indexes", "-1", 400, "bad_request",
     "Invalid value type: expected an object, but found a negative integer: `-1`"),
    ("POST /indexes", "1.5", 400, "bad_request", "Invalid value type: expected an object, but found a number: `1.5`"),
    ("POST /indexes", "true", 400, "bad_request", "Invalid value type: expected an object, but found a boolean: `true`"),
    ("POST /indexes", "null", 400, "bad_request", "Invalid value type: expected an object, but found null"),
    ("POST /indexes", "{}", 400, "missing_index_uid", "Missing field `uid`"),
    ("POST /indexes", '{"primaryKey":"id"}', 400, "missing_index_uid", "Missing field `uid`"),
    ("POST /indexes", '{"uid":null}', 400, "invalid_index_uid",
     "Invalid value type at `.uid`: expected a string, but found null"),
    ("POST /indexes", '{"uid":1}', 400, "invalid_index_uid",
     "Invalid value type at `.uid`: expected a string, but found a positive integer: `1`"),
    ("POST /indexes", '{"uid":[ "doggo" ]}', 400, "invalid_index_uid",
     "Invalid value type at `.uid`: expected a string, but found an array: `[\"doggo\"]`"),
    ("POST /indexes", '{"uid":{"name" : "x"}}', 400, "invalid_index_uid",
     "Invalid value type at `.uid`: expected a string, but found an object: `{\"name\":\"x\"}`"),
    ("POST /indexes", '{"uid":"a b"}', 400, "invalid_index_uid", "Invalid value at `.uid`: `a b` " + UID_RULE),
    ("POST /indexes", '{"uid":""}', 400, "invalid_index_uid", "Invalid value at `.uid`: `` " + UID_RULE),
    ("POST /indexes", '{"uid":"caf\\u00e9"}', 400, "invalid_index_uid", "Invalid value at `.uid`: `café` " + UID_RULE),
    ("POST /indexes", '{"uid":"%s"}' % LONG, 400, "invalid_index_uid",
     "Invalid value at `.uid`: `%s` " % LONG + UID_RULE),
    ("POST /indexes", '{"uid":"a","primaryKey":1}', 400, "invalid_index_primary_key",
     "Invalid value type at `.primaryKey`: expected a string, but found a positive integer: `1`"),
    ("POST /indexes", '{"uid":"a","primaryKey":["x"]}', 400, "invalid_index_primary_key",
     "Invalid value type at `.primaryKey`: expected a string, but found an array: `[\"x\"]`"),
    ("POST /indexes", '{"uid":"a","doggo":1}', 400, "bad_request", "Unknown field `doggo`: " + INDEX),
    ("POST /indexes", '{"uid":"a","primarykey":1}', 400, "bad_request",
     "Unknown field `primarykey`: did you mean `primaryKey`? " + INDEX),
    ("POST /indexes", '{"doggo":1}', 400, "bad_request", "Unknown field `doggo`: " + INDEX),
    ("POST /indexes", '{"doggo":1,"uid":5}', 400, "bad_request", "Unknown field `doggo`: " + INDEX),
    ("POST /indexes", '{"uid":5,"doggo":1}', 400, "invalid_index_uid",
     "Invalid value type at `.uid`: expected a string, but found a positive integer: `5`"),
    ("PATCH /indexes/films", '{"createdAt":"x"}', 400, "immutable_index_created_at",
     "Immutable field `createdAt`: expected one of `primaryKey`, `uid`"),
    ("PATCH /indexes/films", '{"updatedAt":1}', 400, "immutable_index_updated_at",
     "Immutable field `updatedAt`: expected one of `primaryKey`, `uid`"),
    ("PATCH /indexes/films", '{"doggo":1}', 400, "bad_request",
     "Unknown field `doggo`: expected one of `primaryKey`, `uid`"),
    ("PATCH /indexes/films", '{"primaryKey":1}', 400, "invalid_index_primary_key",
     "Invalid value type at `.primaryKey`: expected a string, but found a positive integer: `1`"),
    ("PATCH /indexes/films", '{"uid":"a b"}', 400, "invalid_index_uid", "Invalid value at `.uid`: `a b` " + UID_RULE),
    ("PATCH /indexes/films", "[]", 400, "bad_request",
     "Invalid value type: expected an object, but found an array: `[]`"),
    ("POST /swap-indexes", "{}", 400, "bad_request", "Invalid value type: expected an array, but found an object: `{}`"),
    ("POST /swap-indexes", '["a"]', 400, "bad_request",
     "Invalid value type at `[0]`: expected an object, but found a string: `\"a\"`"),
    ("POST /swap-indexes", "[{}]", 400, "missing_swap_indexes", "Missing field `indexes` inside `[0]`"),
    ("POST /swap-indexes", '[{"indexes":"a"}]', 400, "invalid_swap_indexes",
     "Invalid value type at `[0].indexes`: expected an array, but found a string: `\"a\"`"),
    ("POST /swap-indexes", '[{"indexes":["a",1]}]', 400, "invalid_swap_indexes",
     "Invalid value type at `[0].indexes[1]`: expected a string, but found a positive integer: `1`"),
    ("POST /swap-indexes", '[{"indexes":["a"]}]', 400, "invalid_swap_indexes",
     "Two indexes must be given for each swap. The list `[\"a\"]` contains 1 indexes."),
    ("POST /swap-indexes", '[{"indexes":["a","b"]},{"indexes":["c","d","e"]}]', 400, "invalid_swap_indexes",
     "Two indexes must be given for each swap. The list `[\"c\", \"d\", \"e\"]` contains 3 indexes."),
    ("POST /swap-indexes", '[{"indexes":[]}]', 400, "invalid_swap_indexes",
     "Two indexes must be given for each swap. The list `[]` contains 0 indexes."),
    ("POST /swap-indexes", '[{"indexes":["a","b c"]}]', 400, "invalid_swap_indexes",
     "Invalid value at `[0].indexes[1]`: `b c` " + UID_RULE),
    ("POST /swap-indexes", '[{"indexes":["a","a"]}]', 400, "invalid_swap_duplicate_index_found",
     "Indexes must be declared only once during a swap. `a` was specified several times."),
    ("POST /swap-indexes", '[{"indexes":["a","b"]},{"indexes":["b","a"]}]', 400, "invalid_swap_duplicate_index_found",
     "Indexes must be declared only once during a swap. `a`, `b` were specified several times."),
    ("POST /swap-indexes", '[{"indexes":["a","b"],"rename":1}]', 400, "invalid_swap_rename",
     "Invalid value type at `[0].rename`: expected a boolean, but found a positive integer: `1`"),
    ("POST /swap-indexes", '[{"indexes":["a","b"],"doggo":1}]', 400, "bad_request",
     "Unknown field `doggo` inside `[0]`: expected one of `indexes`, `rename`"),
    ("POST /indexes/films/documents/fetch", '{"limit":"a"}', 400, "invalid_document_limit",
     "Invalid value type at `.limit`: expected a positive integer, but found a string: `\"a\"`"),
    ("POST /indexes/films/documents/fetch", '{"limit":null}', 400, "invalid_document_limit",
     "Invalid value type at `.limit`: expected a positive integer, but found null"),
    ("POST /indexes/films/documents/fetch", '{"offset":-1}', 400, "invalid_document_offset",
     "Invalid value type at `.offset`: expected a positive integer, but found a negative integer: `-1`"),
    ("POST /indexes/films/documents/fetch", '{"offset":1.5}', 400, "invalid_document_offset",
     "Invalid value type at `.offset`: expected a positive integer, but found a number: `1.5`"),
    ("POST /indexes/films/documents/fetch", '{"fields":"a"}', 400, "invalid_document_fields",
     "Invalid value type at `.fields`: expected an array, but found a string: `\"a\"`"),
    ("POST /indexes/films/documents/fetch", '{"fields":["a",true]}', 400, "invalid_document_fields",
     "Invalid value type at `.fields[1]`: expected a string, but found a boolean: `true`"),
    ("POST /indexes/films/documents/fetch", '{"ids":"a"}', 400, "invalid_document_ids",
     "Invalid value type at `.ids`: expected an array, but found a string: `\"a\"`"),
    ("POST /indexes/films/documents/fetch", '{"ids":[1,"a b"]}', 400, "invalid_document_ids",
     "In `.ids[1]`: Document identifier `\"a b\"` " + ID_RULE),
    ("POST /indexes/films/documents/fetch", '{"retrieveVectors":1}', 400, "invalid_document_retrieve_vectors",
     "Invalid value type at `.retrieveVectors`: expected a boolean, but found a positive integer: `1`"),
    ("POST /indexes/films/documents/fetch", '{"doggo":1}', 400, "bad_request", "Unknown field `doggo`: " + FETCH),
    ("POST /indexes/films/documents/fetch", '{"field":[]}', 400, "bad_request",
     "Unknown field `field`: did you mean `fields`? " + FETCH),
    ("POST /indexes/films/documents/fetch", "[]", 400, "bad_request",
     "Invalid value type: expected an object, but found an array: `[]`"),
    ("POST /indexes/films/documents/delete-batch", '"doggo"', 400, "bad_request",
     'Json deserialize error: invalid type: string "doggo", expected a sequence at line 1 column 7'),
    ("POST /indexes/films/documents/delete-batch", "{}", 400, "bad_request",
     "Json deserialize error: invalid type: map, expected a sequence at line 1 column 0"),
    ("POST /indexes/films/documents/delete-batch", "12", 400, "bad_request",
     "Json deserialize error: invalid type: integer `12`, expected a sequence at line 1 column 2"),
    ("POST /indexes/films/documents/delete-batch", "null", 400, "bad_request",
     "Json deserialize error: invalid type: null, expected a sequence at line 1 column 4"),
    ("POST /indexes/films/documents/delete-batch", "", 400, "missing_payload", "A json payload is missing."),
    ("POST /indexes/films/documents/delete-batch", "[1]", 415, "missing_content_type",
     "A Content-Type header is missing. " + JSON_ONLY, None),
]

# ---- documents (4) -----------------------------------------------------------------------------------------

POST = "POST /indexes/films/documents"
PUT = "PUT /indexes/films/documents"
NDJSON, CSV = "application/x-ndjson", "text/csv"
DOCUMENT = "The `%s` payload provided is malformed. `Couldn't serialize document value: %s`."
NO_OBJECT = "data are neither an object nor a list of objects"
ADD = "expected one of `primaryKey`, `csvDelimiter`, `customMetadata`, `skipCreation`"
DELIMITER = "Invalid value in parameter `csvDelimiter`: expected a string of one character, but found "

DOCUMENT_ROWS = [
    (request, "[]", 415, "missing_content_type", "A Content-Type header is missing. " + DOCUMENT_TYPES, None)
    for request in (POST, PUT)
] + [
    (POST, "[]", 415, "invalid_content_type", "The Content-Type `text/plain` is invalid. " + DOCUMENT_TYPES, "text/plain"),
    (PUT, "[]", 415, "invalid_content_type", "The Content-Type `text/plain` is invalid. " + DOCUMENT_TYPES, "text/plain"),
    (POST, "[]", 415, "invalid_content_type", "The Content-Type `` is invalid. " + DOCUMENT_TYPES, ""),
    (POST, "", 400, "missing_payload", "A json payload is missing."),
    (PUT, "", 400, "missing_payload", "A json payload is missing."),
    (POST, "", 400, "missing_payload", "A ndjson payload is missing.", NDJSON),
    (POST, "", 400, "missing_payload", "A csv payload is missing.", CSV),
    (POST, '"doggo"', 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (POST, "12", 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (POST, "null", 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (POST, "[1]", 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (POST, '[{"id":1},"doggo"]', 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (PUT, "[[]]", 400, "malformed_payload", DOCUMENT % ("json", NO_OBJECT)),
    (POST, '[{"id":1},{"id":', 400, "malformed_payload",
     DOCUMENT % ("json", "EOF while parsing a value at line 1 column 16")),
    (POST, '[{"id":1}', 400, "malformed_payload", DOCUMENT % ("json", "EOF while parsing a list at line 1 column 9")),
    (POST, '[{"id":1},]', 400, "malformed_payload", DOCUMENT % ("json", "trailing comma at line 1 column 11")),
    (POST, '[{"id":doggo}]', 400, "malformed_payload", DOCUMENT % ("json", "expected value at line 1 column 8")),
    (PUT, '[\n{"id":1},\n{"id":}\n]', 400, "malformed_payload",
     DOCUMENT % ("json", "expected value at line 3 column 7")),
    (POST, '[{"id":1,"x":NaN}]', 400, "malformed_payload", DOCUMENT % ("json", "expected value at line 1 column 14")),
    (POST, '[{"id":1,"x":01}]', 400, "malformed_payload", DOCUMENT % ("json", "invalid number at line 1 column 15")),
    (POST, '[{"id":1,"x":"\x01"}]', 400, "malformed_payload",
     DOCUMENT % ("json", "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 15")),
    (POST, '[{"id":1,"x":"\\q"}]', 400, "malformed_payload", DOCUMENT % ("json", "invalid escape at line 1 column 16")),
    (POST, '\ufeff[{"id":1}]', 400, "malformed_payload", DOCUMENT % ("json", "expected value at line 1 column 1")),
    (POST, '[{"id":1,"x":' + "[" * 300 + "]" * 300 + "}]", 400, "malformed_payload",
     DOCUMENT % ("json", "recursion limit exceeded at line 1 column 77")),
    (POST, '{"id":1}\n{"id":', 400, "malformed_payload",
     DOCUMENT % ("ndjson", "EOF while parsing a value at line 2 column 6"), NDJSON),
    (POST, '{"id":1}\n{"id" 2}', 400, "malformed_payload",
     DOCUMENT % ("ndjson", "expected `:` at line 2 column 7"), NDJSON),
    (POST, "id,title\n1,a,b\n", 400, "malformed_payload",
     "The `csv` payload provided is malformed: `CSV error: record 1 (line: 2, byte: 9): found record with 3 fields, but "
     "the previous record has 2 fields`.", CSV),
    (POST, "id,size:number\n1,doggo\n", 400, "malformed_payload",
     "The `csv` payload provided is malformed: `Error parsing number \"doggo\" at line 1: invalid float literal`.", CSV),
    (POST, "id,size:number\n1,3\n2,doggo\n", 400, "malformed_payload",
     "The `csv` payload provided is malformed: `Error parsing number \"doggo\" at line 2: invalid float literal`.", CSV),
    (POST, "id,seen:boolean\n1,doggo\n", 400, "malformed_payload",
     "The `csv` payload provided is malformed: `Error parsing boolean \"doggo\" at line 1: provided string was not `true` "
     "or `false``.", CSV),
    (POST + "?csvDelimiter=", "id\n1\n", 400, "invalid_document_csv_delimiter", DELIMITER + "an empty string", CSV),
    (POST + "?csvDelimiter=ab", "id\n1\n", 400, "invalid_document_csv_delimiter",
     DELIMITER + "the following string of 2 characters: `ab`", CSV),
    (POST + "?csvDelimiter=%C3%A9", "id\n1\n", 400, "invalid_document_csv_delimiter",
     "csv delimiter must be an ascii character. Found: `é`", CSV),
    (POST + "?csvDelimiter=;", "[]", 415, "invalid_content_type",
     "The Content-Type `application/json` does not support the use of a csv delimiter. The csv delimiter can only be used "
     "with the Content-Type `text/csv`."),
    (POST + "?csvDelimiter=;", "{}", 415, "invalid_content_type",
     "The Content-Type `application/x-ndjson` does not support the use of a csv delimiter. The csv delimiter can only be "
     "used with the Content-Type `text/csv`.", NDJSON),
    (POST + "?skipCreation=maybe", "[]", 400, "invalid_skip_creation",
     "skipCreation must be either `true` or `false`. Found: `maybe`"),
    (PUT + "?skipCreation=", "[]", 400, "invalid_skip_creation",
     "skipCreation must be either `true` or `false`. Found: ``"),
    (POST + "?doggo=1", "[]", 400, "bad_request", "Unknown parameter `doggo`: " + ADD),
    (POST + "?primarykey=1", "[]", 400, "bad_request",
     "Unknown parameter `primarykey`: did you mean `primaryKey`? " + ADD),
    ("POST /indexes/a%20b/documents", "[]", 400, "invalid_index_uid", "`a b` " + UID_RULE),
    ("PUT /indexes/a%20b/documents", "[]", 400, "invalid_index_uid", "`a b` " + UID_RULE),
]

# ---- settings ------------------------------------------------------------------------------------------------

LISTS = {"displayedAttributes": "displayed-attributes", "searchableAttributes": "searchable-attributes",
         "sortableAttributes": "sortable-attributes", "rankingRules": "ranking-rules", "stopWords": "stop-words",
         "nonSeparatorTokens": "non-separator-tokens", "separatorTokens": "separator-tokens",
         "dictionary": "dictionary"}
SETTINGS = ["displayedAttributes", "searchableAttributes", "filterableAttributes", "sortableAttributes",
            "rankingRules", "stopWords", "nonSeparatorTokens", "separatorTokens", "dictionary", "synonyms",
            "distinctAttribute", "proximityPrecision", "typoTolerance", "faceting", "pagination", "embedders",
            "searchCutoffMs", "localizedAttributes", "facetSearch", "prefixSearch"]
RULES = ("ranking rule is invalid. Valid ranking rules are words, typo, sort, proximity, attribute, exactness and custom "
         "ranking rules.")
RESERVED = "is a reserved keyword and thus can't be used as a ranking rule"
MIXED = ("Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. You must either use the attribute "
         "ranking rule alone or the attributeRank and wordPosition ranking rules.")
TYPO = "expected one of `enabled`, `minWordSizeForTypos`, `disableOnWords`, `disableOnAttributes`, `disableOnNumbers`"
NON_ZERO = "a non-zero integer value lower than `18446744073709551615` was expected, but found a zero"


def setting_word(name):
    return "invalid_settings_" + "".join("_" + c.lower() if c.isupper() else c for c in name)


def both_ways(name, route, verb, value, message, at=""):
    """One setting by PATCH /settings and by its own route; {} in the message is where the value is."""
    def place(prefix):
        return " at `%s`" % prefix if prefix else ""

    return [("PATCH /indexes/films/settings", '{"%s":%s}' % (name, value), 400, setting_word(name),
             message.replace("{}", place("." + name + at))),
            ("%s /indexes/films/settings/%s" % (verb, route), value, 400, setting_word(name),
             message.replace("{}", place(at)))]


SETTINGS_ROWS = [
    ("PATCH /indexes/films/settings", '{"doggo":1}', 400, "bad_request",
     "Unknown field `doggo`: expected one of " + quoted(SETTINGS)),
    ("PATCH /indexes/films/settings", '{"stopwords":[]}', 400, "bad_request",
     "Unknown field `stopwords`: did you mean `stopWords`? expected one of " + quoted(SETTINGS)),
    ("PATCH /indexes/films/settings", "[]", 400, "bad_request",
     "Invalid value type: expected an object, but found an array: `[]`"),
    ("PATCH /indexes/films/settings", '{"doggo":1,"stopWords":1}', 400, "bad_request",
     "Unknown field `doggo`: expected one of " + quoted(SETTINGS)),
    ("PATCH /indexes/films/settings", '{"stopWords":1,"doggo":1}', 400, "invalid_settings_stop_words",
     "Invalid value type at `.stopWords`: expected an array, but found a positive integer: `1`"),
]
for name, route in LISTS.items():
    SETTINGS_ROWS += both_ways(name, route, "PUT", '"doggo"',
                               "Invalid value type{}: expected an array, but found a string: `\"doggo\"`")
    SETTINGS_ROWS += both_ways(name, route, "PUT", '["words",1]',
                               "Invalid value type{}: expected a string, but found a positive integer: `1`", at="[1]")
SETTINGS_ROWS += (
    both_ways("filterableAttributes", "filterable-attributes", "PUT", "{}",
              "Invalid value type{}: expected an array, but found an object: `{}`".replace("`{}`", "`{\u200b}`"))
    + both_ways("rankingRules", "ranking-rules", "PUT", '["doggo"]', "Invalid value{}: `doggo` " + RULES, at="[0]")
    + both_ways("rankingRules", "ranking-rules", "PUT", '["words","title:up"]', "Invalid value{}: `title:up` " + RULES,
                at="[1]")
    + both_ways("rankingRules", "ranking-rules", "PUT", '["_geoPoint(1,2):asc"]',
                "Invalid value{}: `_geoPoint` " + RESERVED + ". `_geoPoint` can only be used for sorting at search time",
                at="[0]")
    + both_ways("rankingRules", "ranking-rules", "PUT", '["_geoRadius(1,2,3):asc"]',
                "Invalid value{}: `_geoRadius` " + RESERVED +
                ". `_geoRadius` can only be used for filtering at search time", at="[0]")
    + both_ways("rankingRules", "ranking-rules", "PUT", '["_geo:asc"]', "Invalid value{}: `_geo` " + RESERVED, at="[0]")
    + both_ways("rankingRules", "ranking-rules", "PUT", '["attribute","attributeRank"]', MIXED)
    + both_ways("rankingRules", "ranking-rules", "PUT", '["wordPosition","attribute"]', MIXED)
    + both_ways("synonyms", "synonyms", "PUT", "[]",
                "Invalid value type{}: expected an object, but found an array: `[]`")
    + both_ways("synonyms", "synonyms", "PUT", '{"a":"b"}',
                "Invalid value type{}: expected an array, but found a string: `\"b\"`", at=".a")
    + both_ways("synonyms", "synonyms", "PUT", '{"a":[true]}',
                "Invalid value type{}: expected a string, but found a boolean: `true`", at=".a[0]")
    + both_ways("distinctAttribute", "distinct-attribute", "PUT", "1",
                "Invalid value type{}: expected a string, but found a positive integer: `1`")
    + both_ways("proximityPrecision", "proximity-precision", "PUT", '"doggo"',
                "Unknown value `doggo`{}: expected one of `byWord`, `byAttribute`")
    + both_ways("proximityPrecision", "proximity-precision", "PUT", '"byWords"',
                "Unknown value `byWords`{}: did you mean `byWord`? expected one of `byWord`, `byAttribute`")
    + both_ways("proximityPrecision", "proximity-precision", "PUT", "1",
                "Invalid value type{}: expected a string, but found a positive integer: `1`")
    + both_ways("typoTolerance", "typo-tolerance", "PATCH", '"doggo"',
                "Invalid value type{}: expected an object, but found a string: `\"doggo\"`")
    + both_ways("typoTolerance", "typo-tolerance", "PATCH", '{"enabled":1}',
                "Invalid value type{}: expected a boolean, but found a positive integer: `1`", at=".enabled")
    + both_ways("typoTolerance", "typo-tolerance", "PATCH", '{"disableOnWords":"a"}',
                "Invalid value type{}: expected an array, but found a string: `\"a\"`", at=".disableOnWords")
    + both_ways("typoTolerance", "typo-tolerance", "PATCH", '{"minWordSizeForTypos":{"oneTypo":-1}}',
                "Invalid value type{}: expected a positive integer, but found a negative integer: `-1`",
                at=".minWordSizeForTypos.oneTypo")
    + both_ways("typoTolerance", "typo-tolerance", "PATCH", '{"minWordSizeForTypos":{"oneTypo":10,"twoTypos":9}}',
                "Invalid value{}: `minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be "
                "between `0` and `255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: 10` "
                "and twoTypos: 9`.", at=".minWordSizeForTypos")
    + both_ways("faceting", "faceting", "PATCH", "[]",
                "Invalid value type{}: expected an object, but found an array: `[]`")
    + both_ways("faceting", "faceting", "PATCH", '{"maxValuesPerFacet":"a"}',
                "Invalid value type{}: expected a positive integer, but found a string: `\"a\"`", at=".maxValuesPerFacet")
    + both_ways("faceting", "faceting", "PATCH", '{"sortFacetValuesBy":{"*":"doggo"}}',
                "Unknown value `doggo`{}: expected one of `alpha`, `count`", at=".sortFacetValuesBy.*")
    + both_ways("pagination", "pagination", "PATCH", '{"maxTotalHits":0}', "Invalid value{}: " + NON_ZERO,
                at=".maxTotalHits")
    + both_ways("pagination", "pagination", "PATCH", '{"maxTotalHits":true}',
                "Invalid value type{}: expected a positive integer, but found a boolean: `true`", at=".maxTotalHits")
    + both_ways("embedders", "embedders", "PATCH", '"doggo"',
                "Invalid value type{}: expected an object, but found a string: `\"doggo\"`")
    + both_ways("searchCutoffMs", "search-cutoff-ms", "PUT", '"doggo"',
                "Invalid value type{}: expected a positive integer, but found a string: `\"doggo\"`")
    + both_ways("searchCutoffMs", "search-cutoff-ms", "PUT", "-5",
                "Invalid value type{}: expected a positive integer, but found a negative integer: `-5`")
    + both_ways("localizedAttributes", "localized-attributes", "PUT", "{}".replace("{}", '"a"'),
                "Invalid value type{}: expected an array, but found a string: `\"a\"`")
    + both_ways("facetSearch", "facet-search", "PUT", '"doggo"',
                "Invalid value type{}: expected a boolean, but found a string: `\"doggo\"`")
    + both_ways("prefixSearch", "prefix-search", "PUT", '"doggo"',
                "Unknown value `doggo`{}: expected one of `indexingTime`, `disabled`")
    + both_ways("prefixSearch", "prefix-search", "PUT", "1",
                "Invalid value type{}: expected a string, but found a positive integer: `1`")
)
SETTINGS_ROWS = [tuple(m.replace("\u200b", "") if isinstance(m, str) else m for m in row) for row in SETTINGS_ROWS]
SETTINGS_ROWS += [
    ("PATCH /indexes/films/settings", '{"typoTolerance":{"doggo":1}}', 400, "invalid_settings_typo_tolerance",
     "Unknown field `doggo` inside `.typoTolerance`: " + TYPO),
    ("PATCH /indexes/films/settings/typo-tolerance", '{"doggo":1}', 400, "invalid_settings_typo_tolerance",
     "Unknown field `doggo`: " + TYPO),
    ("PATCH /indexes/films/settings", '{"faceting":{"doggo":1}}', 400, "invalid_settings_faceting",
     "Unknown field `doggo` inside `.faceting`: expected one of `maxValuesPerFacet`, `sortFacetValuesBy`"),
    ("PATCH /indexes/films/settings/pagination", '{"maxTotalHit":1}', 400, "invalid_settings_pagination",
     "Unknown field `maxTotalHit`: did you mean `maxTotalHits`? expected one of `maxTotalHits`"),
    ("PATCH /indexes/films/settings", '{"localizedAttributes":[{"locales":["fr"]}]}', 400,
     "invalid_settings_localized_attributes", "Missing field `attributePatterns` inside `.localizedAttributes[0]`"),
    ("PUT /indexes/films/settings/filterable-attributes", '[{"doggo":1}]', 400,
     "invalid_settings_filterable_attributes",
     "Unknown field `doggo` inside `[0]`: expected one of `attributePatterns`, `features`"),
    ("PUT /indexes/films/settings/filterable-attributes", '["a",{"attributePatterns":"b"}]', 400,
     "invalid_settings_filterable_attributes",
     "Invalid value type at `[1].attributePatterns`: expected an array, but found a string: `\"b\"`"),
]
