/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cox's partial likelihood with strata and ties. */
#ifndef TM_COX_FIT_H
#define TM_COX_FIT_H

#include "base/failure.h"
#include "moments/model.h"

typedef enum tm_cox_end { TM_COX_DONE, TM_COX_MONOTONE, TM_COX_STUCK } tm_cox_end;

typedef struct tm_cox_fit {
    tm_cox_end end;
    double *coefficient; /* [n_columns] */
    double *inverse;     /* [n_columns * n_columns] of the information */
    double *score;       /* [n * n_columns] score residuals, row after row in the order of the sample */
} tm_cox_fit;

/* Maximizes the partial likelihood of the hazards h_stratum(t) exp(Σ_j β_j x_j), by Newton's method with step halving.
 * Where d clients have the event at one time, Efron's approximation lets them leave the risk set one after the other,
 * each by a d-th; Breslow's keeps them in.
 *
 * The score residual of a client is its part of the score, with the risk sets' means as given: their outer products sum
 * to the meat of Lin & Wei's variance.
 *
 * A likelihood is monotone when some direction of the covariates is at every event time at its largest among those at
 * risk for those with the event. Newton's steps turn towards such a direction; once a step is one, that proves it.
 *
 * Shapes   columns that are not collinear within strata; strata are the sample's; scratch arena.
 * Cost     O(n p²) per step.
 * Cites    Cox 1972; Breslow 1974; Efron 1977; Lin & Wei 1989; Bryson & Johnson 1981 (monotone likelihood).
 */
TEMOIN_MUST_CHECK temoin_status tm_cox_fit_run(temoin_context *ctx, const tm_model *model, bool efron, tm_cox_fit *out);

#endif
