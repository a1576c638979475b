/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/likeliest_path.h"

#include <math.h>

#include "designs/turns.h"
#include "numeric/elementary.h"

static const double steps_most = 1 << 22;

static bool has_two_equal_arms(const tm_design_units *units)
{
    for (int32_t s = 0; units->n_arms == 2 && s < units->n_strata; s++)
        if (units->shares[2 * s] != units->shares[2 * s + 1]) return false;
    return units->n_arms == 2;
}

/* best[k]: the largest logarithm with which the first arm has k of the m units that have come. */
static double walk(tm_turn_chance *chance, const void *data, int64_t n, double *best)
{
    double largest = -INFINITY;
    best[0] = 0;
    for (int64_t m = 0; m < n; m++)
        for (int64_t k = m + 1; k >= 0; k--) {
            const double first = k > 0 ? best[k - 1] + tm_log(chance(data, k - 1, m - k + 1)) : -INFINITY;
            const double second = k <= m ? best[k] + tm_log(chance(data, m - k, k)) : -INFINITY;
            best[k] = fmax(first, second);
        }
    for (int64_t k = 0; k <= n; k++) largest = fmax(largest, best[k]);
    return largest;
}

temoin_status tm_likeliest_path(temoin_context *ctx, const tm_design_units *units, tm_turn_chance *chance,
                                const void *data, double *log_probability)
{
    int64_t *n;
    double *best, steps = 0, sum = 0;
    *log_probability = NAN;
    if (!has_two_equal_arms(units) || units->n_units == 0) return TEMOIN_OK;
    TM_SCRATCH(ctx, n, units->n_strata);
    for (int64_t u = 0; u < units->n_units; u++) n[tm_stratum_of(units, u)]++;
    for (int32_t s = 0; s < units->n_strata; s++) steps += (double)n[s] * (double)n[s];
    if (steps > steps_most) return TEMOIN_OK;
    TM_SCRATCH(ctx, best, units->n_units + 1);
    for (int32_t s = 0; s < units->n_strata; s++) sum += walk(chance, data, n[s], best);
    *log_probability = sum + tm_log(2);
    return TEMOIN_OK;
}
