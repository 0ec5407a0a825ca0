/* SPDX-License-Identifier: MIT */
/* test_store_crc.c -- LevelDB's checksums are those of store_crc.c, and the same as ever. */
#include "base/hash.h"
#include "store/store_int.h"
#include "store_fixture.h"

#include <dlfcn.h>
#include <stdio.h>

static void a_sum_can_be_carried_on(void)
{
    static const char text[] = "123456789";
    size_t cut;

    for (cut = 0; cut <= 9; cut++)
        CU_ASSERT_EQUAL(store__leveldb_crc(store__leveldb_crc(0, text, cut), text + cut, 9 - cut),
                        0xE3069283u);
}

/* A shared one would go on with its own sums, right ones but slow. */
static void leveldb_is_linked_in(void)
{
    Dl_info found = {0};
    uintptr_t ours = (uintptr_t)store__leveldb_crc, theirs = (uintptr_t)leveldb_open;
    const void *base;

    CU_ASSERT_FATAL(dladdr((const void *)ours, &found) != 0);
    base = found.dli_fbase;
    CU_ASSERT_FATAL(dladdr((const void *)theirs, &found) != 0);
    CU_ASSERT_PTR_EQUAL(found.dli_fbase, base);
}

/* What a Debian LevelDB wrote and what it reads: the masked sum of a log record, by its own rule.
 */
static void records_of_the_log_have_the_sum_of_the_format(void)
{
    char path[600];
    uint8_t head[7], body[4096];
    uint32_t n, crc;
    FILE *f;

    CU_ASSERT_EQUAL_FATAL(fixture_put("key", "value"), RC_OK);
    fixture_close();
    (void)snprintf(path, sizeof path, "%s/000003.log", fx.path);
    f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fread(head, 1, sizeof head, f), sizeof head);
    n = head[4] | (uint32_t)head[5] << 8;
    CU_ASSERT_FATAL(n > 8 && n <= sizeof body);
    CU_ASSERT_EQUAL(fread(body, 1, n, f), n);
    CU_ASSERT_EQUAL(fclose(f), 0);
    crc = crc32c(crc32c(0, bytes_of(head + 6, 1)), bytes_of(body, n));
    CU_ASSERT_EQUAL(get_u32le(head), (crc >> 15 | crc << 17) + 0xa282ead8u);
    fixture_reopen();
}

SUITE(store_crc, fixture_setup, fixture_teardown, TEST(a_sum_can_be_carried_on),
      TEST(leveldb_is_linked_in), TEST(records_of_the_log_have_the_sum_of_the_format));
