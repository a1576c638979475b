/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_PERMUTED_H
#define TM_PERMUTED_H

#include "designs/turns.h"

/* The sizes that a stratum's next block can have, each equally likely; multiples of the sum of its shares. */
typedef struct tm_block_sizes {
    tm_lowest_shares shares;
    const int64_t *told; /* [n], the same for all strata; NULL: one size per stratum, the standard one */
    int32_t n;
    int32_t n_arms;
} tm_block_sizes;

TEMOIN_MUST_CHECK temoin_status tm_block_sizes_build(temoin_context *ctx, const tm_design_units *units,
                                                     tm_block_sizes *out);

/* The i-th size of stratum s. The standard one is the smallest multiple of the sum of its shares that gives each arm
 * two places on average. */
int64_t tm_block_size(const tm_block_sizes *sizes, int32_t s, int32_t i);

/* Places of an arm in a block of that size. */
static inline int64_t tm_block_places(const tm_block_sizes *sizes, int32_t s, int64_t size, int32_t a)
{
    return size / sizes->shares.sum[s] * sizes->shares.share[(int64_t)s * sizes->n_arms + a];
}

/* What `permuted` knows of its own distribution: see tm_design. */
TEMOIN_MUST_CHECK temoin_status tm_permuted_enumerate(temoin_context *ctx, const tm_design_units *units,
                                                      tm_design_visit *visit, void *data);
TEMOIN_MUST_CHECK temoin_status tm_permuted_count(temoin_context *ctx, const tm_design_units *units, double *log_count);
TEMOIN_MUST_CHECK temoin_status tm_permuted_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u,
                                                     int32_t a, int64_t v, int32_t b, double *probability);
TEMOIN_MUST_CHECK temoin_status tm_permuted_likely(temoin_context *ctx, const tm_design_units *units,
                                                   double *log_probability);

#endif
