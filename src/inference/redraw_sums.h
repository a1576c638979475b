/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of columns over the groups that redraws put into each arm, block by block: all that the statistic of a linear
 * estimator needs of a redraw. Nothing else of a redraw is made, so that a redraw of a million clients costs a few
 * random numbers and one addition under a mask for every eight of them.
 *
 * A column that has two values within a block is counted, not summed: exact whole numbers until the end, and eight
 * times as fast. One that has a single value there is not looked at. */
#ifndef TM_REDRAW_SUMS_H
#define TM_REDRAW_SUMS_H

#include "designs/redraw_bits.h"

typedef struct tm_redraw_sums {
    const tm_redraw_bits *bits;
    int32_t n_columns;
    double *const *x;        /* [n_columns] → [places] by block; what a group of the block has */
    uint64_t *const *high;   /* [n_columns] → [words] who has the larger of two values; NULL: no block has two */
    const double *low, *gap; /* [n_columns * n_blocks] the smaller value and how far the other is; 0: there is none;
                                NaN: there are more than two values */
    const double
        *total; /* [n_columns * n_blocks] over the block; of the higher value its number, where there are two */
} tm_redraw_sums;

/* column [n_columns] → [n_groups], finite; groups that no block has are not looked at. In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_redraw_sums_build(temoin_context *ctx, const tm_redraw_bits *bits, int32_t n_columns,
                                                     const double *const *column, tm_redraw_sums *out);

/* Redraws first … first + n - 1: number [n * n_blocks * n_arms] groups, and sum [n * n_blocks * n_arms * n_columns],
 * each in that order. Redraws are split over threads; the bits depend neither on that nor on the processor. Where
 * everybody has an arm, the first arm's sums are what the others leave of the total: centre a column whose mean is far
 * from 0.
 *
 * Cost     per redraw n_places random bits (up to eight times as many for unequal shares), n_places additions per arm
 * but one and column.
 */
TEMOIN_MUST_CHECK temoin_status tm_redraw_sums_run(temoin_context *ctx, const tm_redraw_sums *sums, int64_t first,
                                                   int64_t n, int64_t *number, double *sum);

#endif
