/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder whose files are replaced together or not at all, by one process at a time.
 *
 * The new version is made whole beside the folder, in `.NAME.unfinished`, with every file and folder flushed to the
 * disk; whatever else lies in the folder is linked into it. Then the two exchange their names in one step (renameat2
 * with RENAME_EXCHANGE; a plain rename where there was no folder yet), and the old version is removed. At every instant
 * the folder is the old version or the new one, whole.
 *
 * Where that cannot be (a mount point, a parent that cannot be written to, a file that cannot be linked, an owner, mode
 * or access list that a new folder cannot have, a file system that knows no exchange) or would pull the floor from
 * under whoever stands inside (the current folder), the new files are made in `FOLDER/.unfinished`, which is renamed to
 * `FOLDER/.finished` in one step; from then on a reader takes a file from there before he takes it from the folder
 * (`tm_folder_find`). The files are then moved to their places; a later writer finishes what was interrupted.
 *
 * A killed process leaves at most an unfinished folder, which no reader looks at and the next writer empties.
 *
 * The lock is flock on the folder itself and on the unfinished one beside it: an exchange moves a lock with its folder,
 * so both are held until the end, and who comes after looks whether the names still lead to what he locked.
 */
#ifndef TM_FOLDER_H
#define TM_FOLDER_H

#include "base/failure.h"

typedef struct tm_folder_file {
    const char *name; /* "NAME" or "FOLDER/NAME" */
    const char *text;
    size_t length;
} tm_folder_file;

typedef struct tm_folder {
    const char *path;   /* as the caller names it */
    const char *name;   /* its last part, links resolved */
    const char *beside; /* ".NAME.unfinished" */
    int parent, self,
        stage; /* descriptors; -1: not open. `self`: the folder, where there is one; `stage`: the one beside it */
} tm_folder;

/* Locks the folder, which need not exist, and finishes a replacement that was interrupted. `out` must be closed,
 * whatever the outcome. Errors: TEMOIN_ERR_IO, also when another process has the lock. */
TEMOIN_MUST_CHECK temoin_status tm_folder_open(temoin_context *ctx, const char *path, tm_folder *out);

/* Replaces or adds these files; once only. Errors: TEMOIN_ERR_IO; then everything is as it was. */
TEMOIN_MUST_CHECK temoin_status tm_folder_replace(temoin_context *ctx, tm_folder *folder, const tm_folder_file *files,
                                                  int32_t n);

/* Unlocks, and removes what is unfinished. */
void tm_folder_close(tm_folder *folder);

/* Keeps writers away while a folder is read; -1 where there is nothing to lock. Close it with tm_folder_leave. */
TEMOIN_MUST_CHECK temoin_status tm_folder_enter(temoin_context *ctx, const char *path, int *lock);
void tm_folder_leave(int lock);

/* Where a file of the folder is to be read; result arena, NULL when memory is out. */
const char *tm_folder_find(temoin_context *ctx, const char *path, const char *name);

#endif
