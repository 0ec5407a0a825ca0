/* SPDX-License-Identifier: MIT */
/*
 * test_client_stubs.c -- generated client calls over a client library that is only pretended.
 *
 * The stubs must hand on the right method, keep the caller's types, free their
 * closures (the leak check of a sanitizer build looks), and read the end of a
 * client stream right.
 */
#include "lode/v1/documents_service.client.h"
#include "lode/v1/system_service.client.h"
#include "lode/v1/tasks_service.client.h"
#include "support/suite.h"
#include "testing_service.client.h"

#include <stdlib.h>
#include <string.h>

/* ---- the pretended library ------------------------------------------------------------ */

struct reply {
    enum lode_status status;
    ProtobufCMessage *message;
};

static struct fake {
    const struct lode_method *method;
    const ProtobufCMessage *sent;
    struct reply replies[4]; /* of receives, in turn */
    size_t n_received;
    enum lode_status send_end;
    size_t n_freed;
    lode_unary_fn *done;
    const struct lode_stream_callbacks *callbacks;
    void *arg;
    size_t n_sent_async;
    size_t n_ended;
} fake;

static struct lode_stream *const stream = (struct lode_stream *)&fake;

enum lode_status lode_call_unary(struct lode_client *client, const struct lode_method *method,
                                 const ProtobufCMessage *request, const struct lode_call_opts *opts,
                                 ProtobufCMessage **ret_answer, struct lode_error *error)
{
    (void)client;
    (void)opts;
    (void)error;
    fake.method = method;
    fake.sent = request;
    *ret_answer = fake.replies[0].message; /* also on failure: a stub may not look */
    return fake.replies[0].status;
}

void lode_call_unary_async(struct lode_client *client, const struct lode_method *method,
                           const ProtobufCMessage *request, const struct lode_call_opts *opts,
                           lode_unary_fn *done, void *arg)
{
    (void)client;
    (void)opts;
    fake.method = method;
    fake.sent = request;
    fake.done = done;
    fake.arg = arg;
}

enum lode_status lode_stream_open(struct lode_client *client, const struct lode_method *method,
                                  const ProtobufCMessage *request,
                                  const struct lode_call_opts *opts,
                                  struct lode_stream **ret_stream, struct lode_error *error)
{
    (void)client;
    (void)opts;
    (void)error;
    fake.method = method;
    fake.sent = request;
    *ret_stream = stream;
    return LODE_OK;
}

struct lode_stream *lode_stream_open_async(struct lode_client *client,
                                           const struct lode_method *method,
                                           const ProtobufCMessage *request,
                                           const struct lode_call_opts *opts,
                                           const struct lode_stream_callbacks *callbacks, void *arg)
{
    (void)client;
    (void)opts;
    fake.method = method;
    fake.sent = request;
    fake.callbacks = callbacks;
    fake.arg = arg;
    return stream;
}

enum lode_status lode_stream_send(struct lode_stream *s, const ProtobufCMessage *message,
                                  struct lode_error *error)
{
    (void)s;
    (void)error;
    fake.sent = message;
    return LODE_OK;
}

enum lode_status lode_stream_send_end(struct lode_stream *s, struct lode_error *error)
{
    (void)s;
    (void)error;
    fake.n_ended++;
    return fake.send_end;
}

enum lode_status lode_stream_receive(struct lode_stream *s, ProtobufCMessage **ret_message,
                                     struct lode_error *error)
{
    const struct reply *r = &fake.replies[fake.n_received++];

    (void)s;
    (void)error;
    if (r->status == LODE_OK)
        *ret_message = r->message;
    return r->status;
}

bool lode_stream_send_async(struct lode_stream *s, const ProtobufCMessage *message)
{
    (void)s;
    fake.sent = message;
    fake.n_sent_async++;
    return false;
}

void lode_stream_send_end_async(struct lode_stream *s)
{
    (void)s;
    fake.n_ended++;
}

void lode_message_free(void *message)
{
    fake.n_freed += message != NULL;
}

/* ---- tests ---------------------------------------------------------------------------- */

static Lode__V1__TaskSummary summary = LODE__V1__TASK_SUMMARY__INIT;
static Lode__V1__TaskSummary summary_again = LODE__V1__TASK_SUMMARY__INIT;

static void setup(void)
{
    memset(&fake, 0, sizeof(fake));
}

static void a_unary_call_names_its_method_and_types(void)
{
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    Lode__V1__Task task = LODE__V1__TASK__INIT;
    Lode__V1__Task *answer = NULL;

    fake.replies[0].message = &task.base;
    CU_ASSERT_EQUAL(lode_v1_tasks_get(NULL, &request, NULL, &answer, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(answer, &task);
    CU_ASSERT_PTR_EQUAL(fake.sent, &request.base);
    CU_ASSERT_STRING_EQUAL(fake.method->path, "/lode.v1.Tasks/Get");
    CU_ASSERT_PTR_EQUAL(fake.method->in, &lode__v1__get_task_request__descriptor);
    CU_ASSERT_PTR_EQUAL(fake.method->out, &lode__v1__task__descriptor);
    CU_ASSERT_FALSE(fake.method->client_streams || fake.method->server_streams);
}

static void a_failed_call_leaves_the_answer_alone(void)
{
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    Lode__V1__Task mine = LODE__V1__TASK__INIT;
    Lode__V1__Task *answer = &mine;

    fake.replies[0].status = LODE_NOT_FOUND;
    CU_ASSERT_EQUAL(lode_v1_tasks_get(NULL, &request, NULL, &answer, NULL), LODE_NOT_FOUND);
    CU_ASSERT_PTR_EQUAL(answer, &mine);
}

static void note_version(void *arg, Lode__V1__VersionResponse *answer,
                         const struct lode_error *error)
{
    *(const void **)arg = answer ? (const void *)answer : (const void *)error;
}

static void a_callback_gets_its_own_types_and_argument(void)
{
    Lode__V1__VersionRequest request = LODE__V1__VERSION_REQUEST__INIT;
    Lode__V1__VersionResponse version = LODE__V1__VERSION_RESPONSE__INIT;
    struct lode_error error = {.status = LODE_UNAVAILABLE};
    const void *seen = NULL;

    lode_v1_system_version_async(NULL, &request, NULL, note_version, (void *)&seen);
    CU_ASSERT_STRING_EQUAL(fake.method->path, "/lode.v1.System/Version");
    fake.done(fake.arg, &version.base, &(struct lode_error){.status = LODE_OK});
    CU_ASSERT_PTR_EQUAL(seen, &version);
    lode_v1_system_version_async(NULL, &request, NULL, note_version, (void *)&seen);
    fake.done(fake.arg, NULL, &error);
    CU_ASSERT_PTR_EQUAL(seen, &error);
}

static void a_server_stream_starts_with_its_request(void)
{
    Lode__V1__GetTaskRequest request = LODE__V1__GET_TASK_REQUEST__INIT;
    Lode__V1__Task task = LODE__V1__TASK__INIT;
    Lode__V1__Task *got = NULL;
    struct lode_stream *s = NULL;

    fake.replies[0].message = &task.base;
    fake.replies[1].status = LODE_END;
    CU_ASSERT_EQUAL(lode_v1_tasks_watch_open(NULL, &request, NULL, &s, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(fake.sent, &request.base);
    CU_ASSERT(fake.method->server_streams && !fake.method->client_streams);
    CU_ASSERT_EQUAL(lode_v1_tasks_watch_receive(s, &got, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(got, &task);
    got = NULL;
    CU_ASSERT_EQUAL(lode_v1_tasks_watch_receive(s, &got, NULL), LODE_END);
    CU_ASSERT_PTR_NULL(got);
}

static void finish(enum lode_status first, ProtobufCMessage *message, enum lode_status second,
                   ProtobufCMessage *more)
{
    fake.n_received = 0;
    fake.n_freed = 0;
    fake.replies[0] = (struct reply){first, message};
    fake.replies[1] = (struct reply){second, more};
}

static void a_client_stream_ends_with_one_answer(void)
{
    Lode__V1__AddDocumentsRequest chunk = LODE__V1__ADD_DOCUMENTS_REQUEST__INIT;
    Lode__V1__TaskSummary *answer = NULL;
    struct lode_stream *s = NULL;

    CU_ASSERT_EQUAL(lode_v1_documents_add_open(NULL, NULL, &s, NULL), LODE_OK);
    CU_ASSERT_PTR_NULL(fake.sent);
    CU_ASSERT(fake.method->client_streams && !fake.method->server_streams);
    CU_ASSERT_EQUAL(lode_v1_documents_add_send(s, &chunk, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(fake.sent, &chunk.base);
    finish(LODE_OK, &summary.base, LODE_END, NULL);
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(s, &answer, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(answer, &summary);
    CU_ASSERT_EQUAL(fake.n_ended, 1);
    CU_ASSERT_EQUAL(fake.n_freed, 0);
    /* The server may have ended the call before we did: its answer still counts. */
    answer = NULL;
    fake.send_end = LODE_END;
    finish(LODE_OK, &summary.base, LODE_END, NULL);
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(s, &answer, NULL), LODE_OK);
    CU_ASSERT_PTR_EQUAL(answer, &summary);
}

static void a_client_stream_that_ends_badly_gives_no_answer(void)
{
    struct lode_error error;
    Lode__V1__TaskSummary *answer = NULL;

    finish(LODE_NOT_FOUND, NULL, LODE_END, NULL);
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(stream, &answer, &error), LODE_NOT_FOUND);
    finish(LODE_OK, &summary.base, LODE_UNAVAILABLE, NULL); /* an answer, then failure */
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(stream, &answer, &error), LODE_UNAVAILABLE);
    CU_ASSERT_EQUAL(fake.n_freed, 1);
    finish(LODE_END, NULL, LODE_END, NULL);
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(stream, &answer, &error), LODE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(error.message, "the server sent no answer");
    finish(LODE_OK, &summary.base, LODE_OK, &summary_again.base);
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(stream, &answer, &error), LODE_INTERNAL);
    CU_ASSERT_STRING_EQUAL(error.message, "the server sent more than one answer");
    CU_ASSERT_EQUAL(fake.n_freed, 2);
    CU_ASSERT_EQUAL(error.status, LODE_INTERNAL);
    CU_ASSERT_PTR_NULL(answer);
    fake.send_end = LODE_CANCELLED;
    CU_ASSERT_EQUAL(lode_v1_documents_add_finish(stream, &answer, NULL), LODE_CANCELLED);
}

struct heard {
    Grpc__Testing__StreamingOutputCallResponse *message;
    int writable;
    enum lode_status end;
};

static void on_message(void *arg, struct lode_stream *s,
                       Grpc__Testing__StreamingOutputCallResponse *message)
{
    (void)s;
    ((struct heard *)arg)->message = message;
}

static void on_writable(void *arg, struct lode_stream *s)
{
    (void)s;
    ((struct heard *)arg)->writable++;
}

static void on_end(void *arg, struct lode_stream *s, const struct lode_error *error)
{
    (void)s;
    ((struct heard *)arg)->end = error->status;
}

static void a_stream_of_callbacks_is_typed_to_its_end(void)
{
    struct grpc_testing_test_service_full_duplex_call_callbacks callbacks = {
        .on_message = on_message, .on_writable = on_writable, .on_end = on_end};
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    Grpc__Testing__StreamingOutputCallResponse response =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
    struct heard heard = {.end = LODE_UNKNOWN};
    struct lode_stream *s;
    int i;

    for (i = 0; i < 2; i++) {
        s = grpc_testing_test_service_full_duplex_call_open_async(NULL, NULL, &callbacks, &heard);
        CU_ASSERT(fake.method->client_streams && fake.method->server_streams);
        CU_ASSERT_FALSE(grpc_testing_test_service_full_duplex_call_send_async(s, &request));
        fake.callbacks->on_message(fake.arg, s, &response.base);
        fake.callbacks->on_writable(fake.arg, s);
        grpc_testing_test_service_full_duplex_call_send_end_async(s);
        fake.callbacks->on_end(fake.arg, s, &(struct lode_error){.status = LODE_OK});
        callbacks.on_writable = NULL; /* the second time round: nobody cares */
    }
    CU_ASSERT_PTR_EQUAL(heard.message, &response);
    CU_ASSERT_EQUAL(heard.writable, 1);
    CU_ASSERT_EQUAL(heard.end, LODE_OK);
    CU_ASSERT_EQUAL(fake.n_sent_async, 2);
    CU_ASSERT_EQUAL(fake.n_ended, 2);
}

SUITE(client_stubs, setup, NULL, TEST(a_unary_call_names_its_method_and_types),
      TEST(a_failed_call_leaves_the_answer_alone), TEST(a_callback_gets_its_own_types_and_argument),
      TEST(a_server_stream_starts_with_its_request), TEST(a_client_stream_ends_with_one_answer),
      TEST(a_client_stream_that_ends_badly_gives_no_answer),
      TEST(a_stream_of_callbacks_is_typed_to_its_end));

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_client_stubs, NULL};

    return suite_main(argc, argv, suites);
}
