/* SPDX-License-Identifier: MIT */
/*
 * store_error.c -- LevelDB's error texts, turned into rc.
 *
 * The C door of LevelDB 1.23 keeps only Status::ToString(): a fixed prefix for
 * the kind, the file, and strerror() for I/O. Nothing else of Lode reads them.
 *
 *   "NotFound: "          RC_NOT_FOUND   a file is missing (absent keys are no error)
 *   "Corruption: "        RC_CORRUPT
 *   "Not implemented: "   RC_INTERNAL
 *   "Invalid argument: "  RC_INVALID     e.g. a comparator of another database
 *   "IO error: lock "     RC_BUSY        somebody else has the directory open
 *   "IO error: "          RC_IO, or RC_NO_SPACE when the tail says so
 */
#include "base/assert.h"
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix;
    enum rc rc;
} kinds[] = {
    {"NotFound: ", RC_NOT_FOUND},       {"Corruption: ", RC_CORRUPT},
    {"Not implemented: ", RC_INTERNAL}, {"Invalid argument: ", RC_INVALID},
    {"IO error: lock ", RC_BUSY},       {"IO error: ", RC_IO},
};

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);

    return n >= m && strcmp(text + n - m, tail) == 0;
}

/* strerror() is in English here: the server never calls setlocale(). */
bool store__text_is_no_space(const char *text)
{
    return ends_with(text, "No space left on device") || ends_with(text, "Disk quota exceeded");
}

/* "IO error: <path>/<number>.ldb: <why>": what failed was writing a table. */
bool store__text_is_table(const char *text)
{
    return strstr(text, ".ldb: ") != NULL;
}

enum rc store__classify(const char *text)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            break;
    if (i == ARRAY_LEN(kinds))
        return RC_IO; /* a kind of a later LevelDB: not known to be harmless */
    if (kinds[i].rc == RC_IO && store__text_is_no_space(text))
        return RC_NO_SPACE;
    return kinds[i].rc;
}

enum rc store__fail(struct err *err, char *text, const char *doing)
{
    enum rc rc = store__classify(text);

    (void)err_set(err, rc, rc == RC_NO_SPACE ? "no_space_left_on_device" : NULL, "%s: %s", doing,
                  text);
    leveldb_free(text);
    return rc;
}

char *store__fault_text(int fault_errno)
{
    char text[128], *copy = NULL;

    if (asprintf(&copy, "IO error: fault: %s", strerror_r(fault_errno, text, sizeof text)) < 0)
        NEVER("no memory for an error text");
    return copy;
}
