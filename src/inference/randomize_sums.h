/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fast way through a randomization test: where redraws are bits and the statistic follows from sums over arms and
 * strata, the sums are taken of thousands of redraws at once and nobody is fitted again.
 *
 * Served are `difference` and `studentized` of unweighted samples of which only the arms change: of `dim` with
 * variances of single rows, and of `ols`, whose studentized effect needs `classical` or no covariates; and statistics
 * of scores that sums are enough for, as those of ranks. A redraw whose sums would lose digits, or in which something
 * is not identified that a fit would settle, is left to the fit. */
#ifndef TM_RANDOMIZE_SUMS_H
#define TM_RANDOMIZE_SUMS_H

#include "inference/randomization.h"

/* Statistics of draws first … first + n - 1: statistic [n_contrasts] → [n], in draws that are marked in done [n]. What
 * is found agrees with tm_randomization_value to 1e-12 of its size, NaN included. */
TEMOIN_MUST_CHECK temoin_status tm_randomize_by_sums(temoin_context *ctx, const tm_randomization_request *request,
                                                     int64_t first, int64_t n, double *const *statistic, bool *done);

/* Whether the request is one that sums serve, but for single draws. */
bool tm_randomize_sums_serve(const tm_randomization_request *request);

/* Variances that are sums over rows; of the others SUM_OTHER. */
typedef enum tm_sum_variance {
    TM_SUM_OTHER,
    TM_SUM_NEYMAN,
    TM_SUM_CLASSICAL,
    TM_SUM_HC0,
    TM_SUM_HC1,
    TM_SUM_HC2,
    TM_SUM_HC3
} tm_sum_variance;

typedef struct tm_sum_model tm_sum_model;

/* One estimator's way. A *cell* is a stratum and an arm; it holds its number of rows, and the sums of the columns. */
typedef struct tm_sum_route {
    const char *estimator; /* NULL: of scores, whatever the estimator */
    bool (*serves)(const tm_sum_model *model);
    /* Sets n_columns, column and what `find` needs. */
    temoin_status (*prepare)(temoin_context *ctx, tm_sum_model *model);
    /* cell [n_strata * n_arms * (1 + n_columns)]; room [room]. False: let the fit see to it. */
    bool (*find)(const tm_sum_model *model, const double *cell, double *room, double *statistic);
} tm_sum_route;

struct tm_sum_model {
    const tm_sample *sample;
    const tm_statistic *statistic;
    const double *arm_weight;
    int32_t n_contrasts;
    bool studentized;    /* the variance is wanted */
    bool standard_error; /* and nothing else */
    tm_sum_variance variance;
    const tm_sum_route *route;
    int32_t n_columns;
    const double **column; /* [n_columns] → [n] */
    const double *size;    /* [n_strata] rows */
    double total_ss;       /* Σ (y - mean)², in units of the columns */
    double unit;           /* one of the columns' units of the outcome, in the outcome's */
    const double *offset;  /* [n_strata] what the outcome has where the column has 0 */
    bool binary;           /* the outcome has two values, and its column 0 and 1 */
    int64_t room;
    const void *own; /* the route's */
};

extern const tm_sum_route tm_sum_route_dim, tm_sum_route_ols, tm_sum_route_scores;

/* Of a cell whose sums are there. */
static inline const double *tm_sum_cell(const tm_sum_model *model, const double *cell, int32_t stratum, int32_t arm)
{
    return cell + ((int64_t)stratum * model->sample->n_arms + arm) * (1 + model->n_columns);
}

/* Sets unit, offset and binary, and the outcome's column: 0 and 1 if it has two values, else what is left of it without
 * its stratum's mean. */
TEMOIN_MUST_CHECK temoin_status tm_sum_outcome_build(temoin_context *ctx, tm_sum_model *model, double *column);

#endif
