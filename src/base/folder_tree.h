/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trees of files below an open folder. Each returns false with errno set; `*where`, if it changes, is the name that
 * failed. */
#ifndef TM_FOLDER_TREE_H
#define TM_FOLDER_TREE_H

#include "base/folder.h"

/* A folder inside another, without following a link; -1 with errno. */
int tm_tree_open(int at, const char *name);

/* Removes everything inside of the folder. */
bool tm_tree_empty(int folder);
/* Removes the folder `name` with everything inside; true when there is none. */
bool tm_tree_remove(int at, const char *name);

/* Writes the files, each flushed to the disk. */
bool tm_tree_write(int folder, const tm_folder_file *files, int32_t n, const char **where);
/* Flushes the folder and those inside of it. */
bool tm_tree_flush(int folder);

/* Links everything of `from` that `to` lacks into it, but for what is unfinished or finished at the top. */
bool tm_tree_link(int from, int to);
/* Moves everything of `from` into `to`, over what is there. */
bool tm_tree_move(int from, int to);

#endif
