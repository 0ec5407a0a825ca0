/* SPDX-License-Identifier: MIT */
/* test_pb_to_json.c -- the JSON that clients see for a message. */
#include "pb_fixture.h"

#include "lode/dump/v1/dump.meta.h"

static char *text(const char *s)
{
    return arena_strdup(fx.arena, s);
}

static ProtobufCBinaryData data(const char *s)
{
    ProtobufCBinaryData d = {strlen(s), NULL};

    d.data = (uint8_t *)text(s);
    return d;
}

static Google__Protobuf__Timestamp *at(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Timestamp *t =
        (Google__Protobuf__Timestamp *)pb_new(fx.arena, &google__protobuf__timestamp__descriptor);

    t->seconds = seconds;
    t->nanos = nanos;
    return t;
}

static void members_stand_in_field_order_and_absent_ones_are_left_out(void)
{
    Lode__V1__TaskSummary s = LODE__V1__TASK_SUMMARY__INIT;

    s.task_uid = 1;
    s.index_case = LODE__V1__TASK_SUMMARY__INDEX_INDEX_UID;
    s.index_uid = text("movies");
    s.status = LODE__V1__TASK_STATUS__TASK_STATUS_ENQUEUED;
    s.type = LODE__V1__TASK_TYPE__TASK_TYPE_DOCUMENT_ADDITION_OR_UPDATE;
    s.enqueued_at = at(1723136755, 791772000);
    ASSERT_TEXT(pb_json(&s, &lode__v1__task_summary__meta),
                "{\"taskUid\":1,\"indexUid\":\"movies\",\"status\":\"enqueued\","
                "\"type\":\"documentAdditionOrUpdate\","
                "\"enqueuedAt\":\"2024-08-08T17:05:55.791772Z\"}");
}

static void null_if_absent_prints_null(void)
{
    Lode__V1__TaskSummary s = LODE__V1__TASK_SUMMARY__INIT;
    Lode__V1__StatsResponse stats = LODE__V1__STATS_RESPONSE__INIT;

    s.status = LODE__V1__TASK_STATUS__TASK_STATUS_IN_PROGRESS;
    s.metadata_case = LODE__V1__TASK_SUMMARY__METADATA_CUSTOM_METADATA;
    s.custom_metadata = text("");
    ASSERT_TEXT(pb_json(&s, &lode__v1__task_summary__meta),
                "{\"taskUid\":0,\"indexUid\":null,\"status\":\"in_progress\","
                "\"customMetadata\":\"\"}");
    ASSERT_TEXT(pb_json(&stats, &lode__v1__stats_response__meta),
                "{\"lastUpdate\":null,\"indexes\":{}}");
}

static void scalars_and_lists_are_always_written(void)
{
    Lode__V1__ListTasksResponse list = LODE__V1__LIST_TASKS_RESPONSE__INIT;
    Lode__V1__BatchStats stats = LODE__V1__BATCH_STATS__INIT;

    ASSERT_TEXT(pb_json(&list, &lode__v1__list_tasks_response__meta),
                "{\"results\":[],\"total\":0,\"limit\":0,\"from\":null,\"next\":null}");
    ASSERT_TEXT(pb_json(&stats, &lode__v1__batch_stats__meta),
                "{\"totalNbTasks\":0,\"status\":{},\"types\":{},\"indexUids\":{}}");
}

static void integers_of_64_bits_are_numbers(void)
{
    Lode__V1__DumpProgress p = LODE__V1__DUMP_PROGRESS__INIT;

    p.documents = UINT64_MAX;
    p.barrier_wait_ms = 0.125;
    ASSERT_TEXT(pb_json(&p, &lode__v1__dump_progress__meta),
                "{\"documents\":18446744073709551615,\"totalDocuments\":0,\"writtenBytes\":0,"
                "\"verifiedBytes\":0,\"barrierWaitMs\":0.125,\"barrierHeldMs\":0.0}");
}

static void durations_are_iso_and_negative_ones_null(void)
{
    Lode__V1__Task task = LODE__V1__TASK__INIT;
    Google__Protobuf__Duration d = GOOGLE__PROTOBUF__DURATION__INIT;

    d.nanos = 31245000;
    task.duration = &d;
    buf_clear(&fx.out);
    CU_ASSERT_EQUAL(
        pb_field_to_json(&task.base, &lode__v1__task__meta, "duration", &fx.out, &fx.err), RC_OK);
    ASSERT_TEXT(buf_cstr(&fx.out), "\"PT0.031245S\"");
    d.seconds = -5;
    buf_clear(&fx.out);
    CU_ASSERT_EQUAL(
        pb_field_to_json(&task.base, &lode__v1__task__meta, "duration", &fx.out, &fx.err), RC_OK);
    ASSERT_TEXT(buf_cstr(&fx.out), "null");
}

static void times_out_of_range_are_cut_not_wrapped(void)
{
    Lode__V1__Index index = LODE__V1__INDEX__INIT;

    index.created_at = at(INT64_MAX, 0);
    index.updated_at = at(INT64_MIN, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(pb_json(&index, &lode__v1__index__meta), "\"2262-04-11T"));
    CU_ASSERT_PTR_NOT_NULL(strstr(pb_json(&index, &lode__v1__index__meta), "\"1677-09-21T"));
}

static void documents_stand_as_their_own_bytes(void)
{
    Lode__V1__ListDocumentsResponse r = LODE__V1__LIST_DOCUMENTS_RESPONSE__INIT;
    Lode__V1__GetDocumentResponse one = LODE__V1__GET_DOCUMENT_RESPONSE__INIT;
    ProtobufCBinaryData docs[2] = {data("{\"id\": 1.00}"), data("{}")};

    r.results = docs;
    r.n_results = 2;
    r.total = 2;
    ASSERT_TEXT(pb_json(&r, &lode__v1__list_documents_response__meta),
                "{\"results\":[{\"id\": 1.00},{}],\"offset\":0,\"limit\":0,\"total\":2}");
    one.document = data("{\"a\":1}");
    buf_clear(&fx.out);
    CU_ASSERT_EQUAL(pb_field_to_json(&one.base, &lode__v1__get_document_response__meta, "document",
                                     &fx.out, &fx.err),
                    RC_OK);
    ASSERT_TEXT(buf_cstr(&fx.out), "{\"a\":1}");
}

static void bytes_are_base64(void)
{
    static const char *const forms[][2] = {
        {"", "\"\""},        {"f", "\"Zg==\""},        {"fo", "\"Zm8=\""},
        {"foo", "\"Zm9v\""}, {"foob", "\"Zm9vYg==\""}, {"\xff\xef\xbf", "\"/++/\""},
    };
    Lode__Dump__V1__Settings s = LODE__DUMP__V1__SETTINGS__INIT;
    size_t i;

    for (i = 0; i < ARRAY_LEN(forms); i++) {
        s.json = data(forms[i][0]);
        buf_clear(&fx.out);
        CU_ASSERT_EQUAL(
            pb_field_to_json(&s.base, &lode__dump__v1__settings__meta, "json", &fx.out, &fx.err),
            RC_OK);
        ASSERT_TEXT(buf_cstr(&fx.out), forms[i][1]);
    }
}

static void a_union_prints_the_member_that_is_set(void)
{
    Lode__V1__IndexStats stats = LODE__V1__INDEX_STATS__INIT;
    Lode__V1__Size number = LODE__V1__SIZE__INIT;
    Lode__V1__Size words = LODE__V1__SIZE__INIT;
    Lode__V1__Size none = LODE__V1__SIZE__INIT;

    number.kind_case = LODE__V1__SIZE__KIND_BYTES;
    number.bytes = 0;
    words.kind_case = LODE__V1__SIZE__KIND_TEXT;
    words.text = text("427.00 MiB");
    stats.raw_document_db_size = &number;
    stats.avg_document_size = &words;
    ASSERT_TEXT(pb_json(&stats, &lode__v1__index_stats__meta),
                "{\"numberOfDocuments\":0,\"rawDocumentDbSize\":0,"
                "\"avgDocumentSize\":\"427.00 MiB\",\"isIndexing\":false,"
                "\"numberOfEmbeddings\":0,\"numberOfEmbeddedDocuments\":0,"
                "\"fieldDistribution\":{}}");
    ASSERT_TEXT(pb_json(&none, &lode__v1__size__meta), "null");
}

static void transparent_lists_and_maps_have_no_name(void)
{
    Lode__V1__StringList one = LODE__V1__STRING_LIST__INIT;
    Lode__V1__Synonyms__EntriesEntry a = LODE__V1__SYNONYMS__ENTRIES_ENTRY__INIT;
    Lode__V1__Synonyms__EntriesEntry b = LODE__V1__SYNONYMS__ENTRIES_ENTRY__INIT;
    Lode__V1__Synonyms__EntriesEntry c = LODE__V1__SYNONYMS__ENTRIES_ENTRY__INIT;
    Lode__V1__Synonyms__EntriesEntry *entries[] = {&b, &a, &c};
    Lode__V1__Synonyms s = LODE__V1__SYNONYMS__INIT;
    char *values[] = {text("x"), text("\"y\"\n")};

    one.values = values;
    one.n_values = 2;
    ASSERT_TEXT(pb_json(&one, &lode__v1__string_list__meta), "[\"x\",\"\\\"y\\\"\\n\"]");
    a.key = text("a");
    b.key = text("b");
    c.key = text("b");
    a.value = &one;
    b.value = &one;
    s.entries = entries;
    s.n_entries = 3;
    /* sorted by key; of two the last holds; a value that is not there is null */
    ASSERT_TEXT(pb_json(&s, &lode__v1__synonyms__meta),
                "{\"a\":[\"x\",\"\\\"y\\\"\\n\"],\"b\":null}");
}

static void details_show_the_bare_changes(void)
{
    Lode__V1__TaskDetails d = LODE__V1__TASK_DETAILS__INIT;
    Lode__V1__SettingsUpdateDetails s = LODE__V1__SETTINGS_UPDATE_DETAILS__INIT;
    ProtobufCBinaryData changes[2] = {data("{\"stopWords\":[\"a\"]}"), data("{}")};

    d.kind_case = LODE__V1__TASK_DETAILS__KIND_SETTINGS_UPDATE;
    d.settings_update = &s;
    s.changes = changes;
    ASSERT_TEXT(pb_json(&d, &lode__v1__task_details__meta), "null");
    s.n_changes = 1;
    ASSERT_TEXT(pb_json(&d, &lode__v1__task_details__meta), "{\"stopWords\":[\"a\"]}");
    s.n_changes = 2;
    ASSERT_TEXT(pb_json(&d, &lode__v1__task_details__meta), "[{\"stopWords\":[\"a\"]},{}]");
}

static void hidden_and_immutable_fields_are_not_members(void)
{
    Lode__V1__UpdateKeyRequest key = LODE__V1__UPDATE_KEY_REQUEST__INIT;
    Lode__V1__UpdateIndexRequest index = LODE__V1__UPDATE_INDEX_REQUEST__INIT;
    char *reset[] = {text("name")};

    key.reset = reset;
    key.n_reset = 1;
    ASSERT_TEXT(pb_json(&key, &lode__v1__update_key_request__meta), "{\"keyOrUid\":\"\"}");
    index.created_at = text("now");
    ASSERT_TEXT(pb_json(&index, &lode__v1__update_index_request__meta), "{\"indexUid\":\"\"}");
}

static void an_enum_number_without_a_name_is_absent(void)
{
    Lode__V1__DumpStatus s = LODE__V1__DUMP_STATUS__INIT;

    s.status = LODE__V1__DUMP_STATE__DUMP_STATE_UNSPECIFIED;
    ASSERT_TEXT(pb_json(&s, &lode__v1__dump_status__meta), "{\"uid\":\"\"}");
    memset(&s.status, 0x7e, sizeof(s.status)); /* a newer peer's */
    ASSERT_TEXT(pb_json(&s, &lode__v1__dump_status__meta), "{\"uid\":\"\"}");
}

static void an_answer_over_the_limit_is_refused(void)
{
    Lode__V1__VersionResponse v = LODE__V1__VERSION_RESPONSE__INIT;
    struct buf small;

    buf_init(&small, 20);
    CU_ASSERT_EQUAL(pb_to_json(&v.base, &lode__v1__version_response__meta, &small, &fx.err),
                    RC_TOO_LARGE);
    ASSERT_TEXT(fx.err.msg, "The answer is over the limit of 20 bytes");
    buf_done(&small);
}

SUITE(pb_to_json, pb_setup, pb_teardown,
      TEST(members_stand_in_field_order_and_absent_ones_are_left_out),
      TEST(null_if_absent_prints_null), TEST(scalars_and_lists_are_always_written),
      TEST(integers_of_64_bits_are_numbers), TEST(durations_are_iso_and_negative_ones_null),
      TEST(times_out_of_range_are_cut_not_wrapped), TEST(documents_stand_as_their_own_bytes),
      TEST(bytes_are_base64), TEST(a_union_prints_the_member_that_is_set),
      TEST(transparent_lists_and_maps_have_no_name), TEST(details_show_the_bare_changes),
      TEST(hidden_and_immutable_fields_are_not_members),
      TEST(an_enum_number_without_a_name_is_absent), TEST(an_answer_over_the_limit_is_refused));
