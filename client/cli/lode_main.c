/* SPDX-License-Identifier: MIT */
/* lode_main.c -- lode: the command line of a Lode server. */
#include "cli_main.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
