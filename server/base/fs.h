/* SPDX-License-Identifier: MIT */
/*
 * fs.h -- files and directories, with the orders of syncing that are safe.
 *
 * Every call passes the fault points FS_*; EINTR and short writes are gone on
 * with inside; no other room sees errno. Full disk (ENOSPC, EDQUOT) is
 * RC_NO_SPACE, absence RC_NOT_FOUND, an existing name RC_EXISTS, all else
 * RC_IO. After a failed sync a file must not be synced or written again: the
 * kernel may have dropped the dirty pages (fsyncgate).
 *
 * Ownership  fs_*_open() .. fs_close(). Descriptors are close-on-exec.
 * Threads    Any; one descriptor at a time by one thread for writes.
 * Units      Bytes.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

/* A directory held open, so that later names are looked up in *it*. */
struct fs_dir;

/* Opens (and with make creates, mode 0700, parents too) a directory. */
enum rc fs_dir_open(const char *path, bool make, struct fs_dir **ret_dir,
                    struct err *err) MUST_CHECK;
void fs_dir_close(struct fs_dir *dir);
const char *fs_dir_path(const struct fs_dir *dir); /* borrowed */
enum rc fs_dir_sync(struct fs_dir *dir, struct err *err) MUST_CHECK;
/* Calls each for every entry except "." and ".."; stops when it returns non-OK. */
typedef enum rc fs_dir_each_fn(void *arg, const char *name, struct err *err);
enum rc fs_dir_each(struct fs_dir *dir, fs_dir_each_fn *each, void *arg,
                    struct err *err) MUST_CHECK;
/* Bytes free for us on the filesystem of dir. */
enum rc fs_dir_free_bytes(struct fs_dir *dir, uint64_t *ret_bytes, struct err *err) MUST_CHECK;
/* True while the directory still stands at its path (not removed or replaced). */
bool fs_dir_still_there(struct fs_dir *dir);
/*
 * A process-wide lock on file `name` in dir (flock); RC_BUSY if somebody else
 * holds it. The descriptor keeps the lock until closed.
 */
enum rc fs_dir_lock(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err) MUST_CHECK;

enum rc fs_open_read(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err) MUST_CHECK;
/* O_CREAT|O_EXCL|O_NOFOLLOW, mode 0600. */
enum rc fs_open_new(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err) MUST_CHECK;
/* A path of the user's (import, CLI); regular files only, RC_INVALID for others. */
enum rc fs_open_path(const char *path, int *ret_fd, struct err *err) MUST_CHECK;
enum rc fs_write(int fd, struct bytes b, struct err *err) MUST_CHECK; /* all of it */
enum rc fs_pwrite(int fd, struct bytes b, uint64_t at, struct err *err) MUST_CHECK;
/* Reads up to n bytes; *ret_n < n only at the end of the file. */
enum rc fs_read(int fd, void *p, size_t n, size_t *ret_n, struct err *err) MUST_CHECK;
enum rc fs_pread(int fd, void *p, size_t n, uint64_t at, size_t *ret_n, struct err *err) MUST_CHECK;
enum rc fs_size(int fd, uint64_t *ret_size, struct err *err) MUST_CHECK;
enum rc fs_truncate(int fd, uint64_t size, struct err *err) MUST_CHECK;
/* Makes the file this long with room on the disk of its own. RC_UNIMPLEMENTED: not on this one. */
enum rc fs_allocate(int fd, uint64_t size, struct err *err) MUST_CHECK;
enum rc fs_sync(int fd, struct err *err) MUST_CHECK;      /* fsync */
enum rc fs_sync_data(int fd, struct err *err) MUST_CHECK; /* fdatasync */
enum rc fs_close_checked(int fd, struct err *err) MUST_CHECK;
void fs_close(int fd); /* -1 is fine; errors are lost: after fs_sync only */
/* Starts write-back of what was written so far, without waiting (sync_file_range). */
void fs_start_writeback(int fd, uint64_t from, uint64_t n);

/* Whole small file, at most max bytes (RC_TOO_LARGE). *ret_p goes to xfree(). */
enum rc fs_read_all(struct fs_dir *dir, const char *name, size_t max, uint8_t **ret_p,
                    size_t *ret_n, struct err *err) MUST_CHECK;
/* New or replaced file, durable when it returns: temp, write, fsync, rename, fsync dir. */
enum rc fs_replace(struct fs_dir *dir, const char *name, struct bytes content,
                   struct err *err) MUST_CHECK;
enum rc fs_unlink(struct fs_dir *dir, const char *name, struct err *err) MUST_CHECK;
enum rc fs_mkdir(struct fs_dir *dir, const char *name, struct err *err) MUST_CHECK;
/* Never replaces (RENAME_NOREPLACE, or link+unlink where that is unsupported). */
enum rc fs_rename_new(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir,
                      const char *to, struct err *err) MUST_CHECK;
/* Removes name and all below it; absent is fine. Never follows links. */
enum rc fs_remove_tree(struct fs_dir *dir, const char *name, struct err *err) MUST_CHECK;
/* fsyncs every file and directory below name, then name itself. */
enum rc fs_sync_tree(struct fs_dir *dir, const char *name, struct err *err) MUST_CHECK;
bool fs_exists(struct fs_dir *dir, const char *name);
/* Bytes of all files below path, 0 if absent; best effort, for statistics. */
uint64_t fs_tree_bytes(const char *path);

/*
 * A file that has no name until it is finished: O_TMPFILE and linkat, or where
 * that is unsupported a name ending in ".part" and a rename that never
 * replaces. Whatever happens before fs_draft_publish() leaves nothing visible
 * under the final name. Write through fs_write(fs_draft_fd()).
 */
struct fs_draft;
enum rc fs_draft_open(struct fs_dir *dir, struct fs_draft **ret_draft, struct err *err) MUST_CHECK;
int fs_draft_fd(struct fs_draft *draft);
/* fsync, name (RC_EXISTS if taken), fsync of the directory. On failure nothing is visible. */
enum rc fs_draft_publish(struct fs_draft *draft, const char *name, struct err *err) MUST_CHECK;
void fs_draft_close(struct fs_draft *draft); /* drops the file unless published */
/* Removes drafts that a killed process left in dir. */
enum rc fs_draft_sweep(struct fs_dir *dir, struct err *err) MUST_CHECK;
