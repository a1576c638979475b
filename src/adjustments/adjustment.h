/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An adjustment turns the results of a family of estimates into p values that answer for all of them together.
 *
 * To add one: write <key>.c with `const tm_adjustment tm_adjustment_<key>`, add the key to this folder's meson.build,
 * and a column p_<key> to temoin_row with its line in result/record.c. */
#ifndef TM_ADJUSTMENT_H
#define TM_ADJUSTMENT_H

#include <stddef.h>

#include "adjustments/redrawn.h"
#include "base/failure.h"
#include "temoin/result.h"

/* What an adjustment reads of a family. */
typedef enum tm_adjustment_need {
    TM_NEEDS_P,           /* p alone */
    TM_NEEDS_CORRELATION, /* statistic, df, fit and correlation too */
    TM_NEEDS_REDRAWS,     /* redrawn */
} tm_adjustment_need;

/* Members of a family, in the order of the rows. */
typedef struct tm_family {
    int64_t n;
    const double *p;           /* [n] in [0, 1]; NaN: refused, it does not count */
    const double *statistic;   /* [n] value / se */
    const double *df;          /* [n] INFINITY: normal reference */
    const int64_t *fit;        /* [n] members with the same number are contrasts of one regression */
    const double *correlation; /* [n * n] between the statistics of members of one fit; elsewhere not read */
    const tm_redrawn *redrawn; /* of the n members in the same order; NULL: there are no redraws */
} tm_family;

typedef struct tm_adjustment {
    const char *key;
    const char *name; /* in the head of a column: p (NAME) */
    const char *title;
    const char *cites;
    tm_adjustment_need need;
    bool studentized; /* with redraws: of studentized statistics only */
    size_t column;    /* offset in temoin_row */
    /* adjusted [n], NaN where p is, and where an adjustment does not apply; scratch is rewound. */
    temoin_status (*run)(temoin_context *ctx, const tm_family *family, double *adjusted);
} tm_adjustment;

extern const tm_adjustment *const tm_adjustments[];
extern const int tm_n_adjustments;

/* NULL when there is no such key. */
const tm_adjustment *tm_adjustment_find(const char *key);

/* The column of a row. */
double *tm_adjustment_cell(const tm_adjustment *adjustment, temoin_row *row);
double tm_adjustment_value(const tm_adjustment *adjustment, const temoin_row *row);

#endif
