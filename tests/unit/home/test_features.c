/* SPDX-License-Identifier: MIT */
/* test_features.c -- experimental features: on until switched off, whatever happens in between. */
#include "home/features.h"

#include "base/fault.h"
#include "support/suite.h"
#include "support/tempdir.h"

#include <stdio.h>
#include <string.h>

static char *root; /* wiped by teardown */
static char path[4096];
static struct home *home;
static struct features *features;
static struct err err;

static void open_both(void)
{
    CU_ASSERT_EQUAL_FATAL(home_open(path, &home, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(features_open(home, &features, &err), RC_OK);
}

static void close_both(void)
{
    features_close(features);
    home_close(home);
    features = NULL;
    home = NULL;
}

static void setup(void)
{
    root = tempdir_make();
    (void)snprintf(path, sizeof path, "%s/db", root);
    open_both();
}

static void teardown(void)
{
    fault_clear();
    close_both();
    tempdir_remove(root);
}

static feature_set change(feature_set which, feature_set on)
{
    feature_set now = 0;

    CU_ASSERT_EQUAL(features_change(features, which, on, &now, &err), RC_OK);
    CU_ASSERT_EQUAL(features_on(features), now);
    return now;
}

static void put(const char *text)
{
    CU_ASSERT_EQUAL(fs_replace(home_dir(home), "FEATURES", bytes_str(text), &err), RC_OK);
    features_close(features);
    features = NULL;
}

static void names_and_numbers_are_one_to_one(void)
{
    enum feature f = FEATURE_COUNT;
    unsigned i;

    for (i = 0; i < FEATURE_COUNT; i++) {
        CU_ASSERT(feature_by_name(feature_name((enum feature)i), &f));
        CU_ASSERT_EQUAL(f, i);
    }
    CU_ASSERT_FALSE(feature_by_name("containsfilter", &f));
    CU_ASSERT_FALSE(feature_by_name("", &f));
}

static void what_is_not_named_stays_and_all_outlives_a_restart(void)
{
    const feature_set metrics = feature_bit(FEATURE_METRICS);
    const feature_set contains = feature_bit(FEATURE_CONTAINS_FILTER);
    const feature_set last = feature_bit(FEATURE_RENDER_ROUTE);

    CU_ASSERT_EQUAL(features_on(features), 0);
    CU_ASSERT_EQUAL(change(metrics | contains, metrics | contains), metrics | contains);
    CU_ASSERT_EQUAL(change(last, last | metrics), metrics | contains | last);
    CU_ASSERT_EQUAL(change(metrics, 0), contains | last);
    CU_ASSERT_EQUAL(change(0, metrics), contains | last);
    close_both();
    open_both();
    CU_ASSERT_EQUAL(features_on(features), contains | last);
    CU_ASSERT_EQUAL(change(contains | last, 0), 0);
    close_both();
    open_both();
    CU_ASSERT_EQUAL(features_on(features), 0);
}

static void a_name_of_a_newer_lode_is_passed_over(void)
{
    put("metrics\nbrandNew\ncontainsFilter\n");
    CU_ASSERT_EQUAL_FATAL(features_open(home, &features, &err), RC_OK);
    CU_ASSERT_EQUAL(features_on(features),
                    feature_bit(FEATURE_METRICS) | feature_bit(FEATURE_CONTAINS_FILTER));
}

static void a_damaged_file_is_told_by_name(void)
{
    static const char *const texts[] = {"metrics", "metrics\n\n", "met rics\n", "\x01\n",
                                        "aNameThatIsLongerThanAnyFeatureWillEverBeCalledInThisApi0"
                                        "\n"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(texts); i++) {
        put(texts[i]);
        CU_ASSERT_EQUAL(features_open(home, &features, &err), RC_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "FEATURES"));
    }
}

/* Each call of the replacement fails once: memory is as before, and a restart finds old or new. */
static void a_failing_disk_changes_nothing_here(void)
{
    const feature_set contains = feature_bit(FEATURE_CONTAINS_FILTER);
    static const char *const points[] = {"fs_write=eio@1", "fs_sync=eio@1", "fs_sync_dir=eio@1"};
    feature_set now = 0;
    size_t i;

    for (i = 0; i < ARRAY_LEN(points); i++) {
        CU_ASSERT_EQUAL_FATAL(fault_set(points[i], &err), RC_OK);
        CU_ASSERT_NOT_EQUAL(features_change(features, contains, contains, &now, &err), RC_OK);
        CU_ASSERT_EQUAL(features_on(features), 0);
        fault_clear();
    }
    CU_ASSERT_EQUAL(change(contains, contains), contains);
}

SUITE(features, setup, teardown, TEST(names_and_numbers_are_one_to_one),
      TEST(what_is_not_named_stays_and_all_outlives_a_restart),
      TEST(a_name_of_a_newer_lode_is_passed_over), TEST(a_damaged_file_is_told_by_name),
      TEST(a_failing_disk_changes_nothing_here));
