/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a plan's estimate is computed from one sample: a measure at one wave, or, by estimators that take them
 * together, at several. */
#ifndef TM_ESTIMATE_CELLS_H
#define TM_ESTIMATE_CELLS_H

#include "estimators/estimator.h"
#include "moments/sample_build.h"

typedef struct tm_estimate_cell {
    int32_t measure;
    const tm_subgroup *subgroup; /* NULL: everybody */
    bool together;               /* rows client × wave */
    tm_sample_waves waves;       /* one, unless together */
    int32_t n_shown;             /* effects of each contrast */
    const char *const *label;    /* [n_shown] what stands in their column `wave`: "6", "6+12", "1..12", "6+12-0" */
    const char *all;             /* the same of the whole cell */
    const double *wave_weight; /* [n_shown * n_contrasts * waves.n], wave by wave; NULL: not an effect for each wave */
} tm_estimate_cell;

/* The cells of one measure, in the order of the waves: those that the estimate names, or else all but the baseline at
 * which the measure has values. A measure that nobody has a value of keeps its rows, which say so. Of waves that are
 * taken together, unless they are named, those before the baseline are left out as well, or count as before. Waves are
 * before one another where they are numbers. Each cell of everybody is followed by those of the subgroups. On the
 * result arena.
 *
 * Errors   TEMOIN_ERR_PLAN with lines: no baseline where one is needed, or nothing after it; a covariate `baseline`
 * that is among the outcomes.
 */
TEMOIN_MUST_CHECK temoin_status tm_estimate_cells_list(temoin_context *ctx, const temoin_trial *trial,
                                                       const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                                       int32_t measure, const tm_estimate_cell **out, int32_t *n);

/* The cell whose first row has that wave and subgroup; NULL: none. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_cell_find(temoin_context *ctx, const temoin_trial *trial,
                                                      const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                                      int32_t measure, const char *wave, const char *subgroup,
                                                      const tm_estimate_cell **out);

/* The text of a cell's subgroup, "" of everybody. */
const char *tm_estimate_cell_subgroup(const tm_estimate_cell *cell);

/* Contrasts of a cell's rows, [n_shown * n_contrasts * n_arms], wave by wave. Scratch. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_cell_contrasts(temoin_context *ctx, const tm_plan_estimate *estimate,
                                                           int32_t n_arms, const tm_estimate_cell *cell, double **out);

/* The sample of a cell, as sample_build.h. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_cell_sample(temoin_context *ctx, const temoin_assignment *assignment,
                                                        const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                                        const tm_estimate_cell *cell, tm_sample *out, tm_notes *notes);

#endif
