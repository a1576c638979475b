/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/files.h"
#include "base/folder_tree.h"

enum { ATTEMPTS = 100 };

static const char unfinished[] = ".unfinished", finished[] = ".finished";

static temoin_status fail_errno(temoin_context *ctx, const char *path, const char *name, const char *what)
{
    return tm_fail(ctx, TEMOIN_ERR_IO, "%s%s%s: cannot %s: %s", path, name[0] ? "/" : "", name, what, strerror(errno));
}

static void shut(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* Parent and last part of a path that may be a link, and may not exist; its parents are made. */
static temoin_status split(temoin_context *ctx, tm_folder *folder)
{
    char *real;
    TM_ALLOC(ctx, real, PATH_MAX);
    if (!realpath(folder->path, real)) {
        if (errno != ENOENT && errno != ENOTDIR) return fail_errno(ctx, folder->path, "", "make the folder");
        snprintf(real, PATH_MAX, "%s", folder->path);
        for (size_t end = strlen(real); end > 1 && real[end - 1] == '/';) real[--end] = '\0';
        char *slash = strrchr(real, '/');
        if (slash && slash > real) {
            *slash = '\0';
            TM_TRY(tm_directory_make(ctx, real));
            *slash = '/';
        }
    }
    folder->name = tm_path_last(real);
    const char *parent = tm_text(ctx, "%.*s", (int)(folder->name - real), real);
    folder->beside = tm_text(ctx, ".%s%s", folder->name, unfinished);
    if (!parent || !folder->beside) return tm_fail_memory(ctx);
    folder->parent = open(parent[0] ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->name[0] == '\0') folder->name = "."; /* the root */
    return folder->parent < 0 ? fail_errno(ctx, folder->path, "", "make the folder") : TEMOIN_OK;
}

/* Whether the name still leads to what is open. */
static bool is_still(int at, const char *name, int fd)
{
    struct stat named, held;
    if (fstatat(at, name, &named, 0) != 0) return fd < 0;
    return fd >= 0 && fstat(fd, &held) == 0 && named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

/* What is not locked is not ours: it is closed, so that nothing in it is touched. */
static temoin_status lock(temoin_context *ctx, const tm_folder *folder, int *fd)
{
    if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0) return TEMOIN_OK;
    const int why = errno;
    shut(fd);
    errno = why;
    if (why != EWOULDBLOCK)
        return fail_errno(ctx, folder->path, "", "lock the folder, which must lie where files can be locked");
    TM_FAIL(
        ctx, TEMOIN_ERR_IO,
        "%s: another temoin is at work in this folder; nothing was written: wait until it is done, then run this again",
        folder->path);
}

static bool is_refusal(int error)
{
    return error == EACCES || error == EPERM || error == EROFS;
}

/* Takes the folder, then the one beside it. `*done` false: a name moved between looking and locking. */
static temoin_status lock_both(temoin_context *ctx, tm_folder *folder, bool *done)
{
    *done = false;
    folder->self = openat(folder->parent, folder->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->self < 0 && errno == ENOTDIR)
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: cannot make the folder: a file has that name; choose another folder",
                folder->path);
    if (folder->self < 0 && errno != ENOENT) return fail_errno(ctx, folder->path, "", "open");
    TM_TRY(lock(ctx, folder, &folder->self));
    if (mkdirat(folder->parent, folder->beside, 0777) != 0 && errno != EEXIST) {
        if (folder->self < 0 || !is_refusal(errno)) return fail_errno(ctx, folder->path, "", "make the folder");
    } else {
        folder->stage = tm_tree_open(folder->parent, folder->beside);
        if (folder->stage < 0 && errno != ENOENT) return fail_errno(ctx, folder->path, "", "make the folder");
        if (folder->stage < 0) return TEMOIN_OK;
        TM_TRY(lock(ctx, folder, &folder->stage));
        if (!is_still(folder->parent, folder->beside, folder->stage)) return TEMOIN_OK;
    }
    *done = is_still(folder->parent, folder->name, folder->self);
    return TEMOIN_OK;
}

/* Moves the files of a replacement that is decided to their places. */
static temoin_status finish(temoin_context *ctx, const tm_folder *folder)
{
    int from = tm_tree_open(folder->self, finished);
    if (from < 0) return errno == ENOENT ? TEMOIN_OK : fail_errno(ctx, folder->path, finished, "open");
    bool good = tm_tree_move(from, folder->self) && tm_tree_flush(folder->self);
    close(from);
    if (!good || unlinkat(folder->self, finished, AT_REMOVEDIR) != 0)
        return fail_errno(ctx, folder->path, finished, "move the files to the folder");
    return TEMOIN_OK;
}

temoin_status tm_folder_open(temoin_context *ctx, const char *path, tm_folder *out)
{
    bool done = false;
    *out = (tm_folder){.path = path, .parent = -1, .self = -1, .stage = -1};
    TM_TRY(split(ctx, out));
    for (int attempt = 0; !done && attempt < ATTEMPTS; attempt++) {
        shut(&out->self);
        shut(&out->stage);
        TM_TRY(lock_both(ctx, out, &done));
    }
    if (!done) {
        shut(&out->stage);
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: the folder is renamed all the time; wait until nobody works in it", path);
    }
    if (out->stage >= 0 && !tm_tree_empty(out->stage))
        return fail_errno(ctx, path, "", "remove what an earlier run left beside");
    if (out->self < 0) return TEMOIN_OK;
    TM_TRY(finish(ctx, out));
    if (!tm_tree_remove(out->self, unfinished)) return fail_errno(ctx, path, unfinished, "remove");
    return TEMOIN_OK;
}

void tm_folder_close(tm_folder *folder)
{
    if (folder->stage >= 0 && tm_tree_empty(folder->stage)) unlinkat(folder->parent, folder->beside, AT_REMOVEDIR);
    shut(&folder->stage);
    shut(&folder->self);
    shut(&folder->parent);
}

/* True when the current folder is the folder or lies inside of it. */
static bool stands_inside(const tm_folder *folder)
{
    struct stat self, at, above;
    if (fstat(folder->self, &self) != 0 || stat(".", &at) != 0) return false;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (bool up = here >= 0; up;) {
        if (at.st_dev == self.st_dev && at.st_ino == self.st_ino) break;
        int next = openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(here);
        here = next;
        up = here >= 0 && fstat(here, &above) == 0 && (above.st_ino != at.st_ino || above.st_dev != at.st_dev);
        at = above;
        if (!up) shut(&here);
    }
    bool inside = here >= 0;
    shut(&here);
    return inside;
}

/* Gives the new folder the owner and the mode of the old one. */
static bool copy_rights(int from, int to)
{
    struct stat old, new;
    if (fgetxattr(from, "system.posix_acl_access", NULL, 0) > 0) return false;
    if (fstat(from, &old) != 0 || fstat(to, &new) != 0) return false;
    if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) && fchown(to, old.st_uid, old.st_gid) != 0) return false;
    return fchmod(to, old.st_mode & 07777) == 0;
}

/* The whole new version beside the folder. False where it cannot be made there. */
static bool can_exchange(const tm_folder *folder)
{
    return !stands_inside(folder) && tm_tree_link(folder->self, folder->stage) &&
           copy_rights(folder->self, folder->stage) && tm_tree_flush(folder->stage);
}

/* From here on `self` is what the stage's name leads to, and the other way round. */
static bool exchange(tm_folder *folder)
{
    if (renameat2(folder->parent, folder->beside, folder->parent, folder->name, RENAME_EXCHANGE) != 0) return false;
    int old = folder->self;
    folder->self = folder->stage;
    folder->stage = old;
    return true;
}

static temoin_status replace_inside(temoin_context *ctx, tm_folder *folder, const tm_folder_file *files, int32_t n)
{
    const char *where = "";
    struct stat about;
    for (int32_t f = 0; f < n; f++)
        if (fstatat(folder->self, files[f].name, &about, 0) == 0 && S_ISDIR(about.st_mode)) {
            errno = EISDIR;
            return fail_errno(ctx, folder->path, files[f].name, "write");
        }
    if (mkdirat(folder->self, unfinished, 0777) != 0) return fail_errno(ctx, folder->path, "", "write");
    int inner = tm_tree_open(folder->self, unfinished);
    bool good = inner >= 0 && tm_tree_write(inner, files, n, &where);
    int kept = errno;
    shut(&inner);
    errno = kept;
    good = good && renameat(folder->self, unfinished, folder->self, finished) == 0;
    if (!good) {
        temoin_status status = fail_errno(ctx, folder->path, where, "write");
        tm_tree_remove(folder->self, unfinished);
        return status;
    }
    if (fsync(folder->self) != 0 && errno != EINVAL) return fail_errno(ctx, folder->path, "", "write");
    return finish(ctx, folder);
}

/* Where there is no folder yet. */
static temoin_status put_in_place(temoin_context *ctx, tm_folder *folder)
{
    int result = renameat2(folder->parent, folder->beside, folder->parent, folder->name, RENAME_NOREPLACE);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) /* renames a folder over an empty one at most */
        result = renameat(folder->parent, folder->beside, folder->parent, folder->name);
    if (result != 0) return fail_errno(ctx, folder->path, "", "make the folder");
    folder->self = folder->stage;
    folder->stage = -1;
    return TEMOIN_OK;
}

temoin_status tm_folder_replace(temoin_context *ctx, tm_folder *folder, const tm_folder_file *files, int32_t n)
{
    const char *where = "";
    if (folder->self >= 0 && faccessat(folder->self, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno(ctx, folder->path, "", "write");
    if (folder->stage < 0) return replace_inside(ctx, folder, files, n);
    if (!tm_tree_write(folder->stage, files, n, &where)) return fail_errno(ctx, folder->path, where, "write");
    if (folder->self < 0)
        TM_TRY(put_in_place(ctx, folder));
    else if (!can_exchange(folder) || !exchange(folder))
        return replace_inside(ctx, folder, files, n);
    if (fsync(folder->parent) != 0 && errno != EINVAL) return fail_errno(ctx, folder->path, "", "write");
    return TEMOIN_OK;
}

temoin_status tm_folder_enter(temoin_context *ctx, const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 || flock(*fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return TEMOIN_OK;
    tm_folder_leave(*fd);
    TM_FAIL(ctx, TEMOIN_ERR_IO,
            "%s: another temoin is writing to this folder; wait until it is done, then run this again", path);
}

void tm_folder_leave(int fd)
{
    if (fd >= 0) close(fd);
}

const char *tm_folder_find(temoin_context *ctx, const char *path, const char *name)
{
    const char *text = tm_text(ctx, "%s/%s/%s", path, finished, name);
    return !text || tm_file_exists(text) ? text : tm_text(ctx, "%s/%s", path, name);
}
