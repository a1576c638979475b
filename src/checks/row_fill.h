/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an effect to the row that says it. */
#ifndef TM_ROW_FILL_H
#define TM_ROW_FILL_H

#include "inference/bootstrap.h"
#include "inference/estimate_cells.h"
#include "variances/variance.h"

typedef struct tm_row_source {
    const temoin_plan *plan;
    const tm_plan_estimate *estimate;
    const tm_plan_contrast *contrast;
    const tm_estimate_cell *cell;
    const tm_estimator *estimator;
    const tm_variance *variance;
    const tm_sample *sample;
    int32_t index; /* of the effect among the cell's, wave by wave */
} tm_row_source;

/* Everything but randomization, simultaneous bands, families, caseworkers and the notes. */
void tm_row_fill(const tm_row_source *source, const tm_effect *effect, temoin_row *row);

/* The bootstrap of the plan. Its stream does not depend on the seed, which may be secret. */
tm_bootstrap_options tm_bootstrap_choose(const temoin_plan *plan, const tm_plan_estimate *estimate);

#endif
