/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_FRAME_H
#define TEMOIN_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "temoin/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum temoin_column_type {
    TEMOIN_COLUMN_AUTO = 0, /**< in a request only: infer from the whole column */
    TEMOIN_COLUMN_NUMBER,   /**< `number` in the file's own units */
    TEMOIN_COLUMN_FLAG,     /**< `number` is 0 or 1: read from 0/1, yes/no, oui/non, true/false, vrai/faux (any case) */
    TEMOIN_COLUMN_DATE,     /**< ISO yyyy-mm-dd; `number` is days since 1970-01-01 */
    TEMOIN_COLUMN_CATEGORY, /**< `code` into `level` */
} temoin_column_type;

/** Stable text of a type ("auto", "number", "flag", "date", "category"); never NULL. */
const char *temoin_column_type_name(temoin_column_type type);

/** One column. Arrays are [n_rows] of the frame. */
typedef struct temoin_column {
    const char *name;
    temoin_column_type type;
    const double *number; /**< number, flag, date: NaN missing; NULL for a category */
    const int32_t *code;  /**< category, and any column asked for as text: index into `level`, -1 missing; else NULL */
    const char *const *level; /**< [n_levels] the distinct cell texts (UTF-8) in byte order */
    int32_t n_levels;
    int64_t n_missing;
} temoin_column;

/** A table of typed columns, rows in file order. */
typedef struct temoin_frame {
    const char *path; /**< as the caller named it: stands in every message */
    int64_t n_rows;
    const int64_t *line; /**< [n_rows] line of the file on which the row starts, header is line 1 */
    int32_t n_columns;
    const temoin_column *columns;
} temoin_frame;

typedef struct temoin_column_request {
    const char *name;
    temoin_column_type type; /**< AUTO: infer */
    bool text;               /**< keep codes and levels of the raw cell texts whatever the type (ids, arms, strata) */
} temoin_column_request;

typedef struct temoin_csv_opts {
    char delimiter;             /**< ',' ';' '\t'; 0: detect in the header line */
    char decimal;               /**< '.' or ',': declared, never guessed per cell */
    const char *encoding;       /**< "utf-8" (BOM allowed), "windows-1252", "iso-8859-1", "iso-8859-15" */
    const char *const *missing; /**< cell texts that mean missing */
    int32_t n_missing;
    const temoin_column_request *requests;
    int32_t n_requests;
    bool absent_allowed; /**< a requested column that is absent is left out; false: an error */
} temoin_csv_opts;

/** Comma or detected delimiter, decimal point, UTF-8, missing: the empty cell and "NA". */
#define TEMOIN_CSV_OPTS_INIT                                                                                           \
    {                                                                                                                  \
        0, '.', "utf-8", NULL, -1, NULL, 0, false                                                                      \
    }

/** Reads a CSV file (RFC 4180: quoted fields, doubled quotes, newlines in quotes, LF or CRLF) with a header line.
 *
 * Shapes   every column [n_rows]. Blanks around an unquoted cell do not count.
 * Missing  cells equal to a missing text; in a numeric column NaN, in a category -1.
 * Notes    a type is inferred over the whole column: flag if all present cells are flag words of one pair, number if
 * all are numbers, date if all are ISO dates, else category. A column without any present cell is a number. Errors
 * TEMOIN_ERR_IO; TEMOIN_ERR_DATA with up to twenty problems, each with line and column: ragged rows, NUL bytes,
 * unclosed quotes, duplicate or empty header names, invalid bytes for the encoding, no header, no rows, a cell that
 * does not fit a requested type, a requested column that is absent unless `absent_allowed`. Cost     O(bytes) time;
 * file and columns in memory.
 */
TEMOIN_MUST_CHECK temoin_status temoin_frame_read_csv(temoin_context *context, const char *path,
                                                      const temoin_csv_opts *opts, const temoin_frame **out);

/** The column of that name, NULL when absent. */
const temoin_column *temoin_frame_find(const temoin_frame *frame, const char *name);

#ifdef __cplusplus
}
#endif
#endif
