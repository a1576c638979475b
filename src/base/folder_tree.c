/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/folder_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int tm_tree_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Closes without losing the errno of what went wrong before. */
static bool shut(int fd, bool good)
{
    int kept = errno;
    close(fd);
    errno = kept;
    return good;
}

/* What to do with each entry of `from`; `to` is -1 where there is only one folder. */
typedef bool visit(int from, const char *name, bool is_folder, int to);

static bool is_folder(int at, const char *name)
{
    struct stat about;
    return fstatat(at, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

static bool walk(int from, visit *each, int to)
{
    int again = tm_tree_open(from, ".");
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (!list) return again < 0 ? false : shut(again, false);
    bool good = true;
    for (struct dirent *entry; good;) {
        errno = 0;
        entry = readdir(list);
        if (!entry) {
            good = errno == 0;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = each(from, entry->d_name, is_folder(from, entry->d_name), to);
    }
    int kept = errno;
    closedir(list);
    errno = kept;
    return good;
}

/* Goes into the folder `name` of both; makes it in `to` where it is lacking. */
static bool descend(int from, const char *name, visit *each, int to)
{
    struct stat about;
    int inner = tm_tree_open(from, name), other = -1;
    if (inner < 0) return false;
    if (to >= 0) {
        bool made = mkdirat(to, name, 0777) == 0;
        if (!made && errno != EEXIST) return shut(inner, false);
        other = tm_tree_open(to, name);
        if (other < 0) return shut(inner, false);
        if (made && (fstat(inner, &about) != 0 || fchmod(other, about.st_mode & 07777) != 0)) {
            shut(other, false);
            return shut(inner, false);
        }
    }
    bool good = walk(inner, each, other);
    if (other >= 0) shut(other, good);
    return shut(inner, good);
}

static bool remove_entry(int from, const char *name, bool folder, int to)
{
    (void)to;
    if (folder && !descend(from, name, remove_entry, -1)) return false;
    return unlinkat(from, name, folder ? AT_REMOVEDIR : 0) == 0;
}

bool tm_tree_empty(int folder)
{
    return walk(folder, remove_entry, -1);
}

bool tm_tree_remove(int at, const char *name)
{
    if (faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    return remove_entry(at, name, is_folder(at, name), -1);
}

static bool link_entry(int from, const char *name, bool folder, int to)
{
    if (folder) return descend(from, name, link_entry, to);
    return linkat(from, name, to, name, 0) == 0 || errno == EEXIST;
}

static bool link_top(int from, const char *name, bool folder, int to)
{
    if (strcmp(name, ".unfinished") == 0 || strcmp(name, ".finished") == 0) return true;
    return link_entry(from, name, folder, to);
}

bool tm_tree_link(int from, int to)
{
    return walk(from, link_top, to);
}

static bool move_entry(int from, const char *name, bool folder, int to)
{
    if (!folder) return renameat(from, name, to, name) == 0;
    if (!descend(from, name, move_entry, to)) return false;
    return unlinkat(from, name, AT_REMOVEDIR) == 0;
}

bool tm_tree_move(int from, int to)
{
    return walk(from, move_entry, to);
}

static bool flush_entry(int from, const char *name, bool folder, int to)
{
    (void)to;
    if (!folder) return true;
    int inner = tm_tree_open(from, name);
    return inner >= 0 && shut(inner, tm_tree_flush(inner));
}

/* Some file systems cannot flush a folder, and say EINVAL. */
bool tm_tree_flush(int folder)
{
    return walk(folder, flush_entry, -1) && (fsync(folder) == 0 || errno == EINVAL);
}

static bool write_bytes(int fd, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, bytes + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0 || errno == EINVAL;
}

static bool write_file(int folder, const char *name, const tm_folder_file *file)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fd >= 0 && shut(fd, write_bytes(fd, file->text, file->length));
}

static bool write_below(int folder, const char *name, const tm_folder_file *file)
{
    char inner[64]; /* the name of a folder that the program chose */
    const char *slash = strchr(name, '/');
    if (!slash) return write_file(folder, name, file);
    snprintf(inner, sizeof inner, "%.*s", (int)(slash - name), name);
    if (mkdirat(folder, inner, 0777) != 0 && errno != EEXIST) return false;
    int fd = tm_tree_open(folder, inner);
    return fd >= 0 && shut(fd, write_file(fd, slash + 1, file));
}

bool tm_tree_write(int folder, const tm_folder_file *files, int32_t n, const char **where)
{
    for (int32_t f = 0; f < n; f++) {
        *where = files[f].name;
        if (!write_below(folder, files[f].name, &files[f])) return false;
    }
    *where = ".";
    return tm_tree_flush(folder);
}
