/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle's ledger read back, line by line as it stands. */
#ifndef TM_LEDGER_TABLE_H
#define TM_LEDGER_TABLE_H

#include "audit/bundle.h"
#include "base/digest.h"
#include "temoin/frame.h"

enum {
    TM_LEDGER_POSITION,
    TM_LEDGER_CLIENT,
    TM_LEDGER_STRATUM,
    TM_LEDGER_ARM,
    TM_LEDGER_DIGEST,
    TM_LEDGER_WORKER, /* NULL: none were drawn */
    TM_LEDGER_COLUMNS
};

typedef struct tm_ledger_table {
    int64_t n;
    const temoin_column *column[TM_LEDGER_COLUMNS];
} tm_ledger_table;

/* Errors: TEMOIN_ERR_DATA when there is no ledger, or it has not its columns. */
TEMOIN_MUST_CHECK temoin_status tm_ledger_read(temoin_context *ctx, const char *folder, tm_ledger_table *out);

static inline const char *tm_ledger_text(const tm_ledger_table *ledger, int column, int64_t line)
{
    const temoin_column *texts = ledger->column[column];
    return !texts || texts->code[line] < 0 ? "" : texts->level[texts->code[line]];
}

/* Makes `hex` the digest of: the hex digits it holds, a line feed, the line. What chains the lines of ledger and
 * reveals. */
void tm_chain_link(char hex[TM_SHA256_HEX_SIZE], const char *line, size_t length);

/* Whether the bundle's `reveals.csv`, if there is one, is what reveals of its ledger wrote: NULL `*why`, else where
 * not.
 * `*n` counts the files read. */
TEMOIN_MUST_CHECK temoin_status tm_reveals_check(temoin_context *ctx, const char *folder, const char *trial,
                                                 int64_t *n_files, const char **why);

#endif
