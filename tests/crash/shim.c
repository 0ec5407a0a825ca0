/* SPDX-License-Identifier: MIT */
/*
 * shim.c -- LD_PRELOAD: counts the calls that change files, and makes the i-th go wrong.
 *
 * The test and the process share a page (`struct control`, the file that CRASH_SHIM
 * names): the test arms it, reads counters and record while the process runs, and
 * still has both after a SIGKILL. Setting a mark therefore is no call that changes
 * files itself. Counted are, over all threads and in libraries too, the calls below
 * that touch paths under `root`; a close counts if the file was open for writing.
 *
 *   kill         SIGKILL, before the call acts
 *   an errno     the call fails and does nothing, but that a close closes
 *   EINTR, for ever   each call fails once and works the next time
 *   short        a write takes half of what it was given
 *
 * Not seen: what stdio writes inside libc. Only LevelDB's text log (store/LOG) is
 * written that way; strace_proof.py holds the shim to that.
 *
 * Every wrapper makes the system call itself, so there is nothing to look up.
 */
#undef _FORTIFY_SOURCE /* its inline wrappers stand where ours shall */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

/* The order is known to crash_common.py, as are the layouts below. */
enum call {
    OPEN,
    WRITE,
    SYNC,
    DATASYNC,
    RANGE,
    RENAME,
    LINK,
    UNLINK,
    TRUNCATE,
    MKDIR,
    RMDIR,
    CLOSE,
    ALLOCATE,
    LISTEN, /* recorded, never counted: when does the port open? */
};

enum action { COUNT, KILL, FAIL, SHORT };

enum { HELD = 2 };

enum { LACKS_TMPFILE = 1, LACKS_NOREPLACE = 2 };

enum { ENTRIES = 16384, PATH_SIZE = 244, HALF = -1 };

struct entry {
    uint32_t number; /* from 1; 0: not counted */
    uint8_t call, struck, pad[2];
    uint32_t seq; /* of this record + 1, set last: the rest is whole */
    char path[PATH_SIZE];
};

struct control {
    _Atomic uint32_t armed;
    uint32_t action, error, at, sticky;
    uint32_t mask;          /* 1 << call: which calls count */
    uint32_t lacks;         /* what the filesystem cannot do: 1 O_TMPFILE, 2 RENAME_NOREPLACE */
    uint32_t name_first;    /* planted bug: a nameless file gets a name ending in .dump at once */
    _Atomic uint32_t count; /* calls so far */
    _Atomic uint32_t struck;
    _Atomic uint32_t hold; /* the thread "writer" stops before it reads the queue; 1: until
                              something is struck, for it would stand in the way of a reopening */
    _Atomic uint32_t held;
    _Atomic uint32_t n_entries;
    char root[256];
    char swallow[64]; /* planted bug: writes to paths that hold this text do nothing, well */
    char spare[64];   /* calls on paths that hold this text are not counted */
    struct entry entries[ENTRIES];
};

_Static_assert(offsetof(struct control, entries) == 436 && sizeof(struct entry) == 256,
               "crash_common.py knows the layout");

static struct control *control;
static _Thread_local bool interrupted;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("CRASH_SHIM");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;

    if (fd < 0)
        abort(); /* a test without its shim would pass for nothing */
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED)
        abort();
    (void)syscall(SYS_close, fd);
}

/* ---- whose call it is ------------------------------------------------------------------- */

static char *fd_path(int fd, char path[PATH_SIZE])
{
    char link[32];
    long n;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_SIZE - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0 ? path : NULL;
}

static void name_path(int dir, const char *name, char path[PATH_SIZE])
{
    size_t n = 0;

    if (name[0] != '/' && (dir == AT_FDCWD ? getcwd(path, PATH_SIZE) : fd_path(dir, path))) {
        n = strlen(path);
        path[n++] = '/';
    }
    if (n + strlen(name) >= PATH_SIZE)
        abort(); /* a path that is cut might look as if it were not ours */
    memcpy(path + n, name, strlen(name) + 1);
}

static bool is_ours(const char *path)
{
    return strncmp(path, control->root, strlen(control->root)) == 0;
}

static void record(enum call call, const char *path, uint32_t number, bool struck)
{
    uint32_t at = atomic_fetch_add(&control->n_entries, 1);
    struct entry *e = &control->entries[at % ENTRIES];

    e->number = number;
    e->call = (uint8_t)call;
    e->struck = struck;
    memcpy(e->path, path, PATH_SIZE);
    atomic_thread_fence(memory_order_release);
    e->seq = at + 1;
}

/* ---- what becomes of it ------------------------------------------------------------------ */

static bool is_due(uint32_t number)
{
    if (control->action == COUNT || number < control->at)
        return false;
    if (number > control->at && !control->sticky)
        return false;
    if (control->sticky && control->error == EINTR) {
        interrupted = !interrupted;
        return interrupted;
    }
    return true;
}

/* 0: the call may act; HALF: write half; else the errno it fails with. Keeps errno. */
static int meet(enum call call, const char *path)
{
    uint32_t number;
    bool due;

    if (!atomic_load(&control->armed) || !is_ours(path))
        return 0;
    if (!(control->mask & 1u << call) || (control->spare[0] && strstr(path, control->spare))) {
        record(call, path, 0, false);
        return 0;
    }
    number = atomic_fetch_add(&control->count, 1) + 1;
    due = is_due(number);
    record(call, path, number, due);
    if (!due)
        return 0;
    atomic_fetch_add(&control->struck, 1);
    if (control->action == KILL)
        (void)syscall(SYS_kill, getpid(), SIGKILL);
    return control->action == SHORT ? HALF : (int)control->error;
}

static int meet_fd(enum call call, int fd)
{
    char path[PATH_SIZE];
    int e = errno, verdict = 0;

    if (atomic_load(&control->armed) && fd_path(fd, path))
        verdict = meet(call, path);
    errno = e;
    return verdict;
}

static int meet_name(enum call call, int dir, const char *name)
{
    char path[PATH_SIZE] = "";
    int e = errno, verdict = 0;

    if (atomic_load(&control->armed)) {
        name_path(dir, name, path);
        verdict = meet(call, path);
    }
    errno = e;
    return verdict;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

#define NAMED(call, dir, name, ...)                                                                \
    do {                                                                                           \
        int verdict = meet_name(call, dir, name);                                                  \
        return verdict ? fail(verdict) : (int)syscall(__VA_ARGS__);                                \
    } while (0)

#define OPENED(call, fd, ...)                                                                      \
    do {                                                                                           \
        int verdict = meet_fd(call, fd);                                                           \
        return verdict ? fail(verdict) : (int)syscall(__VA_ARGS__);                                \
    } while (0)

/* ---- opening ------------------------------------------------------------------------------ */

static const char first_name[] = "20000101-000000000.dump";

static int open_at(int dir, const char *name, int flags, unsigned mode)
{
    if ((flags & O_TMPFILE) == O_TMPFILE && control->lacks & LACKS_TMPFILE)
        return fail(EOPNOTSUPP);
    if ((flags & O_TMPFILE) == O_TMPFILE && control->name_first) {
        flags = (flags & ~O_TMPFILE) | O_CREAT | O_EXCL;
        name = first_name;
    }
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)))
        return (int)syscall(SYS_openat, dir, name, flags, mode);
    NAMED(OPEN, dir, name, SYS_openat, dir, name, flags, mode);
}

SHOWN int shim_open(const char *name, int flags, unsigned mode) __asm__("open");
SHOWN int shim_open64(const char *name, int flags, unsigned mode) __asm__("open64");
SHOWN int shim_openat(int dir, const char *name, int flags, unsigned mode) __asm__("openat");
SHOWN int shim_openat64(int dir, const char *name, int flags, unsigned mode) __asm__("openat64");
SHOWN int shim_open_2(const char *name, int flags) __asm__("__open_2");
SHOWN int shim_open64_2(const char *name, int flags) __asm__("__open64_2");
SHOWN int shim_openat_2(int dir, const char *name, int flags) __asm__("__openat_2");
SHOWN int shim_openat64_2(int dir, const char *name, int flags) __asm__("__openat64_2");

int shim_open(const char *name, int flags, unsigned mode)
{
    return open_at(AT_FDCWD, name, flags, mode);
}

int shim_open64(const char *name, int flags, unsigned mode)
{
    return open_at(AT_FDCWD, name, flags, mode);
}

int shim_openat(int dir, const char *name, int flags, unsigned mode)
{
    return open_at(dir, name, flags, mode);
}

int shim_openat64(int dir, const char *name, int flags, unsigned mode)
{
    return open_at(dir, name, flags, mode);
}

int shim_open_2(const char *name, int flags)
{
    return open_at(AT_FDCWD, name, flags, 0);
}

int shim_open64_2(const char *name, int flags)
{
    return open_at(AT_FDCWD, name, flags, 0);
}

int shim_openat_2(int dir, const char *name, int flags)
{
    return open_at(dir, name, flags, 0);
}

int shim_openat64_2(int dir, const char *name, int flags)
{
    return open_at(dir, name, flags, 0);
}

/* The descriptor is gone in any case, as on Linux. */
SHOWN int close(int fd)
{
    int flags = fcntl(fd, F_GETFL), verdict = 0, failed;

    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
        verdict = meet_fd(CLOSE, fd);
    failed = (int)syscall(SYS_close, fd);
    return verdict && !failed ? fail(verdict) : failed;
}

/* ---- writing ------------------------------------------------------------------------------ */

static bool is_swallowed(int fd)
{
    char path[PATH_SIZE];

    return control->swallow[0] && fd_path(fd, path) && is_ours(path) &&
           strstr(path, control->swallow);
}

static ssize_t write_at(int fd, const void *p, size_t n, off_t at)
{
    int verdict = meet_fd(WRITE, fd);

    if (verdict > 0)
        return fail(verdict);
    if (verdict == HALF && n > 1)
        n /= 2;
    if (is_swallowed(fd))
        return (ssize_t)n;
    return at < 0 ? syscall(SYS_write, fd, p, n) : syscall(SYS_pwrite64, fd, p, n, at);
}

SHOWN ssize_t write(int fd, const void *p, size_t n)
{
    return write_at(fd, p, n, -1);
}

SHOWN ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return write_at(fd, p, n, at);
}

SHOWN ssize_t shim_pwrite64(int fd, const void *p, size_t n, off_t at) __asm__("pwrite64");

ssize_t shim_pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return write_at(fd, p, n, at);
}

/* A short one takes the first piece alone. */
SHOWN ssize_t writev(int fd, const struct iovec *v, int n)
{
    int verdict = meet_fd(WRITE, fd);

    if (verdict > 0)
        return fail(verdict);
    return syscall(SYS_writev, fd, v, verdict == HALF && n > 1 ? 1 : n);
}

SHOWN int fsync(int fd)
{
    OPENED(SYNC, fd, SYS_fsync, fd);
}

SHOWN int fdatasync(int fd)
{
    OPENED(DATASYNC, fd, SYS_fdatasync, fd);
}

SHOWN int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
    OPENED(RANGE, fd, SYS_sync_file_range, fd, at, n, flags);
}

SHOWN int fallocate(int fd, int mode, off_t at, off_t n)
{
    OPENED(ALLOCATE, fd, SYS_fallocate, fd, mode, at, n);
}

SHOWN int ftruncate(int fd, off_t size)
{
    OPENED(TRUNCATE, fd, SYS_ftruncate, fd, size);
}

/* ---- names; of two, the new one counts --------------------------------------------------------
 */

SHOWN int renameat2(int from_dir, const char *from, int dir, const char *name, unsigned flags)
{
    if (flags && control->lacks & LACKS_NOREPLACE)
        return fail(EINVAL);
    NAMED(RENAME, dir, name, SYS_renameat2, from_dir, from, dir, name, flags);
}

SHOWN int renameat(int from_dir, const char *from, int dir, const char *name)
{
    return renameat2(from_dir, from, dir, name, 0);
}

SHOWN int rename(const char *from, const char *name)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, name, 0);
}

SHOWN int linkat(int from_dir, const char *from, int dir, const char *name, int flags)
{
    if (control->name_first)
        NAMED(LINK, dir, name, SYS_renameat2, dir, first_name, dir, name, 0);
    NAMED(LINK, dir, name, SYS_linkat, from_dir, from, dir, name, flags);
}

SHOWN int link(const char *from, const char *name)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, name, 0);
}

SHOWN int unlinkat(int dir, const char *name, int flags)
{
    NAMED(flags & AT_REMOVEDIR ? RMDIR : UNLINK, dir, name, SYS_unlinkat, dir, name, flags);
}

SHOWN int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

SHOWN int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

SHOWN int mkdirat(int dir, const char *name, mode_t mode)
{
    NAMED(MKDIR, dir, name, SYS_mkdirat, dir, name, mode);
}

SHOWN int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

/* ---- no changes, but of interest ------------------------------------------------------------- */

SHOWN int listen(int fd, int backlog)
{
    if (atomic_load(&control->armed))
        record(LISTEN, (char[PATH_SIZE]){"port"}, 0, false);
    return (int)syscall(SYS_listen, fd, backlog);
}

static void stand_still(int fd)
{
    char name[17] = "", path[PATH_SIZE];

    (void)prctl(PR_GET_NAME, name);
    if (strcmp(name, "writer") != 0 || !fd_path(fd, path) || !strstr(path, "/queue/"))
        return;
    while (atomic_load(&control->hold) == HELD ||
           (atomic_load(&control->hold) && !atomic_load(&control->struck))) {
        atomic_store(&control->held, 1);
        (void)usleep(200);
    }
    atomic_store(&control->held, 0);
}

static ssize_t read_at(int fd, void *p, size_t n, off_t at)
{
    if (atomic_load(&control->hold))
        stand_still(fd);
    return syscall(SYS_pread64, fd, p, n, at);
}

SHOWN ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return read_at(fd, p, n, at);
}

SHOWN ssize_t shim_pread64(int fd, void *p, size_t n, off_t at) __asm__("pread64");

ssize_t shim_pread64(int fd, void *p, size_t n, off_t at)
{
    return read_at(fd, p, n, at);
}
