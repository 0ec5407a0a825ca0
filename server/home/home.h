/* SPDX-License-Identifier: MIT */
/*
 * home.h -- the directory one server lives in (--db-path).
 *
 *   FORMAT     "lode-db 3\n": a directory without it is not ours
 *   INSTANCE   the instance uid (UUID v4 text)
 *   FEATURES   experimental features that are on (features.h)
 *   IMPORTED   SHA-256 (hex) of the dump this database was made from, if any
 *   lock       flock'ed while a server runs (LevelDB's own lock is lost when any
 *              descriptor on it is closed)
 *   store/     the database      queue/  the task log and spooled payloads
 *
 * Ownership  home_open() .. home_close().
 * Threads    One at a time.
 * Errors     RC_BUSY: another server has it open. RC_INVALID, word
 *            db_version: written by a newer Lode, or not a Lode database.
 */
#pragma once

#include "base/err.h"
#include "base/fs.h"

struct home;

enum home_state { HOME_ABSENT, HOME_EMPTY, HOME_OURS, HOME_FOREIGN };

/* What stands at path; nothing is created or locked. */
enum rc home_look(const char *path, enum home_state *ret_state, struct err *err) MUST_CHECK;

/* Locks it; makes it (durably) when absent or empty. */
enum rc home_open(const char *path, struct home **ret_home, struct err *err) MUST_CHECK;
void home_close(struct home *home);         /* NULL is fine */
struct fs_dir *home_dir(struct home *home); /* borrowed */
const char *home_instance_uid(const struct home *home);
/* Path of the database directory, borrowed. */
const char *home_store_path(const struct home *home);

/* Hex SHA-256 of the imported dump in dst, or "" (65 bytes). Works without opening. */
enum rc home_ledger_read(const char *path, char dst[65], struct err *err) MUST_CHECK;
enum rc home_ledger_write(struct home *home, const char *sha256_hex, struct err *err) MUST_CHECK;
