/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The likeliest assignment of a rolling design whose strata do not know of each other, found turn by turn. With two
 * arms of equal shares in all strata, what may happen depends on how many of the stratum each arm has, and an
 * assignment is as likely as its mirror.
 */
#ifndef TM_LIKELIEST_PATH_H
#define TM_LIKELIEST_PATH_H

#include "designs/design_kind.h"

/* Chance that the next unit of a stratum gets the arm that has `mine` of it, when the other arm has `others`. */
typedef double tm_turn_chance(const void *data, int64_t mine, int64_t others);

/* Natural logarithm of the probability that the likeliest assignment and its mirror have together; NaN: other shares,
 * other numbers of arms, or too many units. */
TEMOIN_MUST_CHECK temoin_status tm_likeliest_path(temoin_context *ctx, const tm_design_units *units,
                                                  tm_turn_chance *chance, const void *data, double *log_probability);

#endif
