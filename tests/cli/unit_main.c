/* SPDX-License-Identifier: MIT */
/* unit_main.c -- the suites of the command line's pieces. */
#include "support/suite.h"

extern const struct test_suite suite_args, suite_command, suite_cut, suite_print;

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite_args, &suite_command, &suite_cut,
                                                      &suite_print, 0};

    return suite_main(argc, argv, suites);
}
