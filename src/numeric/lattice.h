/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions on whole numbers, as tables: hypergeometric counts, sums drawn from a block, and sums of those.
 *
 * `cut` is what may be neglected: probabilities below it, at the ends of a table, are left out; 0 keeps all that a
 * double can hold. Nothing is subtracted and no factorial is taken, so that every entry is right to some 1e-14,
 * relative. Tables live on the scratch arena. */
#ifndef TM_LATTICE_H
#define TM_LATTICE_H

#include <stdbool.h>

#include "base/failure.h"

typedef struct tm_lattice {
    int64_t first, step; /* p[i] is the probability of first + i step */
    int64_t n;
    double *p; /* [n] */
} tm_lattice;

/* How many of m drawn without replacement from `population` are among `marked`. */
TEMOIN_MUST_CHECK temoin_status tm_hypergeometric_build(temoin_context *ctx, int64_t population, int64_t marked,
                                                        int64_t m, double cut, tm_lattice *out);

/* A block: how often each value is there. */
typedef struct tm_block_values {
    int32_t n;
    const int64_t *value; /* [n] ascending, different */
    const int64_t *count; /* [n] positive */
    int64_t n_drawn;
} tm_block_values;

/* The sum of the values of n_drawn units drawn without replacement: value after value, how many of them are drawn
 * (hypergeometric, given how many were drawn before) and their sum; Streitberg & Röhmel's shift algorithm, for values
 * that come more than once.
 *
 * Cost  the number of reachable pairs (count, sum) times the width of a hypergeometric distribution; *fits is false,
 * and nothing is done, where that is more than `limit`. */
TEMOIN_MUST_CHECK temoin_status tm_block_sum_build(temoin_context *ctx, const tm_block_values *block, double cut,
                                                   double limit, tm_lattice *out, bool *fits);

/* The sum of independent ones. Steps that differ make a lattice of their greatest common divisor. Cost: the smaller
 * table times the larger, two by two; *fits as above, also where the tables would not fit memory (2^22 entries). */
TEMOIN_MUST_CHECK temoin_status tm_lattices_add(temoin_context *ctx, tm_lattice *lattices, int32_t n, double cut,
                                                double limit, tm_lattice *out, bool *fits);

#endif
