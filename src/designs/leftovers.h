/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unbiased controlled rounding of a table: every cell becomes 0 or `whole`, every expectation, row sum and column sum
 * stays what it was. With one row it is the pivotal method.
 *
 * Cites    Cox 1987, "A constructive procedure for unbiased controlled rounding", JASA 82; Deville & Tillé 1998.
 */
#ifndef TM_LEFTOVERS_H
#define TM_LEFTOVERS_H

#include "base/failure.h"

/* Decides one cycle of the rounding: true must have probability down / (up + down). */
typedef struct tm_leftover_coin {
    bool (*rises)(void *data, int64_t up, int64_t down);
    void *data;
} tm_leftover_coin;

/* Rounds table [n_rows * n_columns], row after row, in place.
 *
 * Needs    cells in [0, whole]; row and column sums that are multiples of `whole`.
 * Cost     O(cells) steps of at most 2 * n_columns cells each; O(n_columns) scratch.
 */
TEMOIN_MUST_CHECK temoin_status tm_leftovers_round(temoin_context *ctx, int64_t *table, int64_t n_rows,
                                                   int32_t n_columns, int64_t whole, tm_leftover_coin coin);

#endif
