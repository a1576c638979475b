/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files, and folders; files are written by base/folder.h. */
#ifndef TM_FILES_H
#define TM_FILES_H

#include "base/failure.h"

/* All bytes of a file in the result arena, with a NUL behind them. Errors: TEMOIN_ERR_IO with path and reason. */
TEMOIN_MUST_CHECK temoin_status tm_file_read(temoin_context *ctx, const char *path, const char **bytes, size_t *length);
/* The same in scratch, for what is read once. */
TEMOIN_MUST_CHECK temoin_status tm_file_read_scratch(temoin_context *ctx, const char *path, const char **bytes,
                                                     size_t *length);

/* Makes the directory and its parents; an existing one is fine. */
TEMOIN_MUST_CHECK temoin_status tm_directory_make(temoin_context *ctx, const char *path);

bool tm_file_exists(const char *path);
bool tm_path_is_folder(const char *path);

/* `name` seen from the folder of the file `base`: an absolute name stays; result arena; NULL when memory is out. */
const char *tm_path_beside(temoin_context *ctx, const char *base, const char *name);

/* The part behind the last slash. */
const char *tm_path_last(const char *path);

#endif
