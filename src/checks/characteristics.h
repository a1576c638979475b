/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of the units before the programme: what the arms are compared on. */
#ifndef TM_CHARACTERISTICS_H
#define TM_CHARACTERISTICS_H

#include "base/failure.h"
#include "trial/trial_struct.h"

/* A number, a flag, or one level of a category. */
typedef struct tm_characteristic {
    const char *name;
    const char *level; /* "" unless of a category */
    tm_label label;
    const double *number; /* [n_units] NaN missing; NULL: of a category … */
    const int32_t *code;  /* … [n_units] -1 missing … */
    int32_t which;        /* … its level */
    bool share;           /* a flag or a level: its mean is a share */
} tm_characteristic;

static inline bool tm_characteristic_misses(const tm_characteristic *c, int64_t u)
{
    return c->number ? c->number[u] != c->number[u] : c->code[u] < 0;
}

/* Not of a unit that misses it. */
static inline double tm_characteristic_value(const tm_characteristic *c, int64_t u)
{
    return c->number ? c->number[u] : c->code[u] == c->which;
}

/* Strata, declared columns, covariates of the estimates, each once, then baselines of the measures; all levels of a
 * category stand together. Not dates, providers, the column of the arms, nor categories of more than twenty levels. The
 * list is in the caller's scratch, the texts live as long as the trial. */
TEMOIN_MUST_CHECK temoin_status tm_characteristics_build(temoin_context *ctx, const temoin_trial *trial,
                                                         tm_characteristic **out, int64_t *n);

#endif
