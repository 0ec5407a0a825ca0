/* SPDX-License-Identifier: MIT */
/* unit_main.c -- the suites of the client library's pieces. */
#include "support/suite.h"

extern const struct test_suite suite_status, suite_metadata, suite_target, suite_timer,
    suite_message;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_status, &suite_metadata, &suite_target,
                                                      &suite_timer,  &suite_message,  0};

    return suite_main(argc, argv, suites);
}
