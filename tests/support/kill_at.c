/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into the program: stops it at its n-th call that changes anything on the disk.
 *
 *     KILL_AT=n          at the n-th such call, instead of it …
 *     KILL_HALF=1        … but of a write, half is done
 *     KILL_STOP=1        SIGSTOP instead of SIGKILL; then the call is made
 *     REFUSE_EXCHANGE=1  the system knows no exchange of names
 *     REFUSE_LINKS=1     nor hard links
 */
#undef _FILE_OFFSET_BITS /* open and open64 are two functions here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

/* The function behind this one. */
#define NEXT(name)                                                                                                     \
    __typeof__(&name) next;                                                                                            \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

static int is_last(void)
{
    const char *at = getenv("KILL_AT");
    return at && ++calls == atol(at);
}

static void stop(void)
{
    kill(getpid(), getenv("KILL_STOP") ? SIGSTOP : SIGKILL);
}

static void count(void)
{
    if (is_last()) stop();
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    NEXT(write);
    if (is_last()) {
        if (getenv("KILL_HALF") && next(fd, bytes, length / 2) < 0) stop();
        stop();
    }
    return next(fd, bytes, length);
}

static mode_t mode_of(int flags, va_list more)
{
    if (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) count();
    return flags & O_CREAT ? va_arg(more, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        NEXT(name);                                                                                                    \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_of(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return next(path, flags, mode);                                                                                \
    }

#define OPEN_AT(name)                                                                                                  \
    int name(int at, const char *path, int flags, ...)                                                                 \
    {                                                                                                                  \
        NEXT(name);                                                                                                    \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_of(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return next(at, path, flags, mode);                                                                            \
    }

#define CALL(name, parameters, arguments)                                                                              \
    int name parameters                                                                                                \
    {                                                                                                                  \
        NEXT(name);                                                                                                    \
        count();                                                                                                       \
        return next arguments;                                                                                         \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
CALL(fsync, (int fd), (fd))
CALL(mkdir, (const char *path, mode_t mode), (path, mode))
CALL(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode))
CALL(fchmod, (int fd, mode_t mode), (fd, mode))
CALL(fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(rename, (const char *from, const char *to), (from, to))
CALL(renameat, (int at, const char *from, int there, const char *to), (at, from, there, to))
CALL(unlink, (const char *path), (path))
CALL(rmdir, (const char *path), (path))
CALL(unlinkat, (int at, const char *path, int flags), (at, path, flags))

int renameat2(int at, const char *from, int there, const char *to, unsigned flags)
{
    NEXT(renameat2);
    count();
    if (!(flags & RENAME_EXCHANGE) || !getenv("REFUSE_EXCHANGE")) return next(at, from, there, to, flags);
    errno = EINVAL;
    return -1;
}

int linkat(int at, const char *from, int there, const char *to, int flags)
{
    NEXT(linkat);
    count();
    if (!getenv("REFUSE_LINKS")) return next(at, from, there, to, flags);
    errno = EPERM;
    return -1;
}
