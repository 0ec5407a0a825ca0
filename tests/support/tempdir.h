/* SPDX-License-Identifier: MIT */
/* tempdir.h -- a directory for one test, below TMPDIR or /tmp, removed at the end. */
#pragma once

/* A fresh directory; the path is the caller's to tempdir_remove(). Aborts on failure. */
char *tempdir_make(void);
void tempdir_remove(char *path); /* with all below it; NULL is fine */
