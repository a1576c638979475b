/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/row_effect.h"

#include <string.h>

#include "estimators/two_by_two.h"

static const tm_plan_estimate *find_estimate(const temoin_plan *plan, const char *name)
{
    for (int32_t e = 0; e < plan->n_estimates; e++)
        if (strcmp(plan->estimates[e].name, name) == 0) return &plan->estimates[e];
    return NULL;
}

static int32_t find_measure(const temoin_plan *plan, const char *name)
{
    int32_t m = 0;
    while (strcmp(plan->measures[m].name, name) != 0) m++;
    return m;
}

static const double *find_contrast(const tm_plan_estimate *estimate, const temoin_row *row)
{
    for (int32_t c = 0; c < estimate->n_contrasts; c++)
        if (strcmp(estimate->contrasts[c].arm, row->arm) == 0 &&
            strcmp(estimate->contrasts[c].reference, row->reference) == 0)
            return estimate->contrasts[c].weights;
    return NULL;
}

temoin_status tm_row_effect_find(temoin_context *ctx, const temoin_assignment *assignment, const temoin_row *row,
                                 tm_row_effect *out, bool *found)
{
    const temoin_trial *trial = assignment->trial;
    const tm_plan_estimate *estimate = find_estimate(trial->plan, row->estimate);
    *found = false;
    *out = (tm_row_effect){assignment, estimate, .variance = tm_variance_find(row->variance)};
    if (!estimate || row->subgroup[0]) return TEMOIN_OK;
    out->estimator = tm_estimator_find(row->estimator);
    out->arm_weight = find_contrast(estimate, row);
    if (!out->estimator || out->estimator->waves != TM_WAVES_SINGLE || !out->arm_weight) return TEMOIN_OK;
    if (!tm_contrast_arms(out->arm_weight, trial->n_arms, &out->arms[0], &out->arms[1])) return TEMOIN_OK;
    TM_TRY(tm_estimate_cell_find(ctx, trial, estimate, out->estimator, find_measure(trial->plan, row->measure),
                                 row->wave, "", &out->cell));
    *found = out->cell != NULL;
    return TEMOIN_OK;
}

bool tm_compares_means(const tm_estimator *estimator)
{
    static const char *const keys[] = {"dim", "dim_precision", "ols", "lin", "worker_means", "risk_difference"};
    static const char *const families[] = {"mixed", "partially_nested"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(estimator->key, keys[k]) == 0) return true;
    for (size_t k = 0; k < sizeof families / sizeof *families; k++)
        if (strncmp(estimator->key, families[k], strlen(families[k])) == 0) return true;
    return false;
}

temoin_status tm_row_effect_sample(temoin_context *ctx, const tm_row_effect *effect, tm_provider_sample *out)
{
    tm_sample sample;
    tm_notes unread;
    tm_notes_init(&unread, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, effect->assignment, effect->estimate, effect->estimator, effect->cell, &sample,
                                   &unread));
    return tm_provider_sample_build(ctx, effect->assignment, &sample, out);
}

bool tm_row_is_in_dossier(const temoin_plan *plan, const temoin_row *row)
{
    for (int32_t k = 0; k < plan->providers.n_estimates; k++)
        if (strcmp(plan->estimates[plan->providers.estimates[k]].name, row->estimate) == 0) return true;
    return false;
}
