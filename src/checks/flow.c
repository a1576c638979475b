/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "checks/check_kind.h"

static void count(const temoin_assignment *assignment, int32_t wave, const double *value, temoin_flow_row *row)
{
    const temoin_trial *trial = assignment->trial;
    const bool *seen = trial->seen + (int64_t)wave * trial->n_units;
    double sum = 0, square = 0;
    for (int64_t u = 0; u < trial->n_units; u++) {
        if (assignment->arm[u] != row->arm) continue;
        row->n_assigned++;
        row->n_seen += seen[u];
        if (isnan(value[u])) continue;
        row->n_observed++;
        sum += value[u];
    }
    row->mean = row->n_observed ? sum / (double)row->n_observed : NAN;
    for (int64_t u = 0; u < trial->n_units; u++)
        if (assignment->arm[u] == row->arm && !isnan(value[u]))
            square += (value[u] - row->mean) * (value[u] - row->mean);
    row->sd = row->n_observed > 1 ? sqrt(square / (double)(row->n_observed - 1)) : NAN;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    temoin_flow_row *rows;
    TM_ALLOC(ctx, rows, (int64_t)trial->n_measures * trial->n_waves * trial->n_arms);
    results->n_flow = 0;
    for (int32_t m = 0; m < trial->n_measures; m++)
        for (int32_t w = 0; w < trial->n_waves; w++) {
            const double *value = tm_trial_value(trial, m, w);
            for (int32_t a = 0; value && a < trial->n_arms; a++) {
                temoin_flow_row *row = &rows[results->n_flow++];
                row->measure = trial->plan->measures[m].name;
                row->wave = trial->wave[w];
                row->arm = a;
                count(assignment, w, value, row);
            }
        }
    results->flow = rows;
    return TEMOIN_OK;
}

const tm_check tm_check_flow = {
    .key = "flow",
    .title_en = "participants and follow-up by arm",
    .title_fr = "participants et suivi par groupe",
    .cites = "Schulz, Altman & Moher 2010 (CONSORT), item 13",
    .run = run,
};
