/* SPDX-License-Identifier: MIT */
/* tempdir.c -- see tempdir.h. */
#include "support/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *tempdir_make(void)
{
    const char *root = getenv("TMPDIR");
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/lode-test-XXXXXX", root && *root ? root : "/tmp");
    if (!mkdtemp(path)) {
        perror(path);
        abort();
    }
    return strdup(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void tempdir_remove(char *path)
{
    if (!path)
        return;
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}
