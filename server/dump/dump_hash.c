/* SPDX-License-Identifier: MIT */
/*
 * dump_hash.c -- SHA-256 of a file while it is written, on a thread of its own.
 *
 * It reads the file back instead of sharing the writer's buffer: what is
 * hashed is what the kernel holds for the disk.
 */
#include "base/mem.h"
#include "base/spare.h"
#include "dump/dump_int.h"

enum { AT_A_TIME = 128 << 10 }; /* bytes */

struct dump__hasher {
    int fd; /* borrowed */
    struct thread thread;
    struct mutex lock;   /* guards what follows */
    struct cond changed; /* any of it */
    uint64_t n_bytes;    /* of the file so far */
    uint64_t n_hashed;
    bool quit;
    enum rc rc;
    struct err err;
    struct sha256 *sha; /* owned; the thread's, or anybody's when n_hashed == n_bytes */
};

static void hash_piece(struct dump__hasher *h, uint8_t *p, uint64_t at, size_t n)
{
    size_t got = 0;
    struct err err;
    enum rc rc;

    rc = fs_pread(h->fd, p, n, at, &got, &err);
    if (rc == RC_OK && got != n)
        rc = err_set(&err, RC_IO, NULL, "the file lost bytes while it was written");
    if (rc == RC_OK)
        sha256_update(h->sha, bytes_of(p, n));
    mutex_lock(&h->lock);
    h->n_hashed = at + n;
    if (rc != RC_OK) {
        h->rc = rc;
        h->err = err;
    }
}

static void run(void *arg)
{
    struct dump__hasher *h = arg;
    uint8_t *p = xmalloc(AT_A_TIME);

    spare_begin();
    mutex_lock(&h->lock);
    while (!h->quit && h->rc == RC_OK) {
        uint64_t at = h->n_hashed, n = h->n_bytes - at;

        if (n == 0) {
            cond_wait(&h->changed, &h->lock);
            continue;
        }
        mutex_unlock(&h->lock);
        spare_pause();
        hash_piece(h, p, at, n < AT_A_TIME ? (size_t)n : AT_A_TIME); /* locks again */
        if (h->n_hashed == h->n_bytes || h->rc != RC_OK)
            cond_broadcast(&h->changed);
    }
    mutex_unlock(&h->lock);
    spare_end();
    xfree(p);
}

struct dump__hasher *dump__hasher_new(int fd)
{
    struct dump__hasher *h = xcalloc(1, sizeof *h);

    h->fd = fd;
    h->sha = sha256_new();
    mutex_init(&h->lock);
    cond_init(&h->changed);
    thread_start(&h->thread, "dump-hash", run, h);
    return h;
}

void dump__hasher_free(struct dump__hasher *h)
{
    if (!h)
        return;
    mutex_lock(&h->lock);
    h->quit = true;
    cond_broadcast(&h->changed);
    mutex_unlock(&h->lock);
    thread_join(&h->thread);
    sha256_free(h->sha);
    cond_done(&h->changed);
    mutex_done(&h->lock);
    xfree(h);
}

void dump__hasher_grow(struct dump__hasher *h, uint64_t n_bytes)
{
    mutex_lock(&h->lock);
    h->n_bytes = n_bytes;
    cond_broadcast(&h->changed);
    mutex_unlock(&h->lock);
}

enum rc dump__hasher_wait(struct dump__hasher *h, uint8_t digest[SHA256_SIZE], struct err *err)
{
    enum rc rc;

    mutex_lock(&h->lock);
    while (h->n_hashed != h->n_bytes && h->rc == RC_OK)
        cond_wait(&h->changed, &h->lock);
    rc = h->rc;
    if (rc == RC_OK)
        sha256_peek(h->sha, digest);
    else if (err)
        *err = h->err;
    mutex_unlock(&h->lock);
    return rc;
}
