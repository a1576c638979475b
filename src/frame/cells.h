/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader's stages: bytes -> UTF-8 text -> cells -> typed columns.
 *
 * `tm_cells` is the seam: a CSV parser fills it, whatever the parser, and the typing of columns sees nothing else. All
 * of it lives in scratch. A stage returns TEMOIN_OK although it recorded problems, unless it says otherwise: the caller
 * marks them with `tm_problems_mark`.
 */
#ifndef TM_CELLS_H
#define TM_CELLS_H

#include "base/failure.h"
#include "temoin/frame.h"

typedef struct tm_raw {
    const char *text; /* UTF-8 with a NUL behind it and none inside; without its quotes and the blanks around it */
    size_t length;
} tm_raw;

typedef struct tm_cells {
    const char *path;
    const tm_raw *name;  /* [n_columns] the header */
    const tm_raw *cell;  /* [n_rows * n_columns] row by row */
    const int64_t *line; /* [n_rows] line on which the row starts */
    int64_t n_rows;
    int32_t n_columns;
} tm_cells;

enum { TM_SHOWN_SIZE = 80 };

/* A text as messages show it: in quotes, at most 60 bytes of it, line ends as blanks. Returns `shown`. */
const char *tm_shown(const char *text, size_t length, char shown[TM_SHOWN_SIZE]);

/* Checks the bytes against the encoding and turns them into UTF-8 without a byte order mark. Fails with TEMOIN_ERR_DATA
 * after all problems were recorded. `*text` is `bytes` where nothing had to change, else scratch. */
TEMOIN_MUST_CHECK temoin_status tm_decode(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                                          const char *encoding, const char **text, size_t *text_length);

/* The declared delimiter, or for 0 the one of , ; tab that stands most often in the header outside of quotes. Fails
 * when the declared one leaves the header in one piece and another would split it. */
TEMOIN_MUST_CHECK temoin_status tm_delimiter_find(temoin_context *ctx, const char *path, const char *text,
                                                  size_t length, char declared, char *delimiter);

/* Records a problem for each empty and each repeated name. */
TEMOIN_MUST_CHECK temoin_status tm_header_check(temoin_context *ctx, const char *path, int64_t line, const tm_raw *name,
                                                int32_t n_columns);

/* The grammar, through libcsv. Rows with a problem are left out; without a whole header `n_columns` is 0. */
TEMOIN_MUST_CHECK temoin_status tm_cells_read(temoin_context *ctx, const char *path, const char *text, size_t length,
                                              char delimiter, tm_cells *cells);

/* Cells to values. Each is false when the cell is anything else. */
bool tm_raw_missing(const tm_raw *cell, const temoin_csv_opts *opts);
bool tm_raw_number(const tm_raw *cell, char decimal, double *out);
bool tm_raw_date(const tm_raw *cell, double *out);
/* `*pairs`: a bit for each pair of flag words to which the cell may belong. */
bool tm_raw_flag(const tm_raw *cell, unsigned *pairs, double *out);

/* Distinct texts in the order they came; `tm_distinct_add` gives the index of a text, old or new. */
typedef struct tm_distinct {
    temoin_context *ctx;
    const tm_raw *cell; /* where all texts come from: every `stride`-th */
    int32_t stride;
    int64_t n_cells; /* at most so many will come: room for all at once where most differ */
    int32_t *slot;   /* [n_slots] index + 1, 0: free */
    uint32_t *hash;  /* [n_slots / 2] */
    int32_t *first;  /* [n_slots / 2] number of the cell that came first */
    int64_t n_slots;
    int32_t n;
} tm_distinct;

TEMOIN_MUST_CHECK temoin_status tm_distinct_init(tm_distinct *distinct, temoin_context *ctx, const tm_raw *cell,
                                                 int32_t stride, int64_t n_cells);
/* The text of the i-th cell, i = 0, stride, 2 stride, … counted in strides. */
TEMOIN_MUST_CHECK temoin_status tm_distinct_add(tm_distinct *distinct, int64_t i, int32_t *index);
/* The text with that index. */
const tm_raw *tm_distinct_text(const tm_distinct *distinct, int32_t index);

/* Codes and sorted levels of the j-th column; `*n_missing` is counted anew. */
TEMOIN_MUST_CHECK temoin_status tm_levels_build(temoin_context *ctx, const tm_cells *cells, int32_t j,
                                                const temoin_csv_opts *opts, temoin_column *column);

/* Typed columns as requested or inferred. */
TEMOIN_MUST_CHECK temoin_status tm_frame_build(temoin_context *ctx, const tm_cells *cells, const temoin_csv_opts *opts,
                                               const temoin_frame **out);

/* A whole file in memory; `path` stands in the messages. What `temoin_frame_read_csv` does once it has the bytes. */
TEMOIN_MUST_CHECK temoin_status tm_frame_parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                                               const temoin_csv_opts *opts, const temoin_frame **out);

#endif
