/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static temoin_status fail_errno(temoin_context *ctx, const char *path, const char *what)
{
    return tm_fail(ctx, TEMOIN_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

static temoin_status read_descriptor(temoin_context *ctx, tm_arena *arena, const char *path, int fd, const char **bytes,
                                     size_t *length)
{
    struct stat about;
    if (fstat(fd, &about) != 0) return fail_errno(ctx, path, "read");
    if (S_ISDIR(about.st_mode)) TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: is a folder; name a file", path);
    size_t room = about.st_size > 0 ? (size_t)about.st_size : 1 << 16, got = 0;
    char *to = tm_arena_take(arena, (int64_t)room + 1, 1);
    if (!to) return tm_fail_memory(ctx);
    for (;;) {
        if (got == room) { /* it grew, or its size was unknown (a pipe) */
            char *wider = tm_arena_take(arena, (int64_t)room * 2 + 1, 1);
            if (!wider) return tm_fail_memory(ctx);
            memcpy(wider, to, got);
            to = wider;
            room *= 2;
        }
        ssize_t n = read(fd, to + got, room - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(ctx, path, "read");
        if (n == 0) break;
        got += (size_t)n;
        if (about.st_size > 0 && got == (size_t)about.st_size) break;
    }
    to[got] = '\0';
    *bytes = to;
    *length = got;
    return TEMOIN_OK;
}

static temoin_status read_into(temoin_context *ctx, tm_arena *arena, const char *path, const char **bytes,
                               size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(ctx, path, "open");
    temoin_status status = read_descriptor(ctx, arena, path, fd, bytes, length);
    close(fd);
    return status;
}

temoin_status tm_file_read(temoin_context *ctx, const char *path, const char **bytes, size_t *length)
{
    return read_into(ctx, &ctx->results, path, bytes, length);
}

temoin_status tm_file_read_scratch(temoin_context *ctx, const char *path, const char **bytes, size_t *length)
{
    return read_into(ctx, &ctx->scratch, path, bytes, length);
}

static temoin_status make_one(temoin_context *ctx, const char *path)
{
    struct stat about;
    if (mkdir(path, 0777) == 0) return TEMOIN_OK;
    bool taken = errno == EEXIST;
    if (taken && stat(path, &about) == 0 && S_ISDIR(about.st_mode)) return TEMOIN_OK;
    if (taken)
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: cannot make the folder: a file has that name; choose another folder", path);
    return fail_errno(ctx, path, "make the folder");
}

temoin_status tm_directory_make(temoin_context *ctx, const char *path)
{
    char *part;
    TM_ALLOC(ctx, part, (int64_t)strlen(path) + 1);
    strcpy(part, path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TM_TRY(make_one(ctx, part));
        *slash = '/';
    }
    return make_one(ctx, part);
}

bool tm_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool tm_path_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

const char *tm_path_beside(temoin_context *ctx, const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    if (name[0] == '/' || !slash) return tm_text(ctx, "%s", name);
    return tm_text(ctx, "%.*s/%s", (int)(slash - base), base, name);
}

const char *tm_path_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
