/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/files.h"
#include "trial/trial_parts.h"

int64_t temoin_trial_n_units(const temoin_trial *trial)
{
    return trial->n_units;
}

static temoin_status add_input(temoin_context *ctx, temoin_trial *trial, tm_input *input, const char *role,
                               const char *file)
{
    const char *at = file ? tm_path_beside(ctx, trial->plan->path, file) : trial->plan->path;
    if (!at) return tm_fail_memory(ctx);
    input[trial->n_inputs++] = (tm_input){role, at, tm_path_last(at)};
    return TEMOIN_OK;
}

static temoin_status build_inputs(temoin_context *ctx, temoin_trial *trial, bool with_outcomes)
{
    const temoin_plan *plan = trial->plan;
    const char *workers = plan->capacity.workers.file ? plan->capacity.workers.file : plan->design.options.workers.file;
    const int32_t n_outcomes = with_outcomes ? plan->n_outcomes : 0;
    tm_input *input;
    TM_ALLOC(ctx, input, 4 + n_outcomes);
    TM_TRY(add_input(ctx, trial, input, "plan", NULL));
    TM_TRY(add_input(ctx, trial, input, "clients", plan->clients.file));
    if (workers) TM_TRY(add_input(ctx, trial, input, "workers", workers));
    if (plan->capacity.exits.file) TM_TRY(add_input(ctx, trial, input, "exits", plan->capacity.exits.file));
    for (int32_t i = 0; i < n_outcomes; i++) TM_TRY(add_input(ctx, trial, input, "outcomes", plan->outcomes[i].file));
    trial->inputs = input;
    return TEMOIN_OK;
}

static temoin_status build_outcomes(temoin_context *ctx, temoin_trial *trial)
{
    const char **path;
    const tm_input *first = trial->inputs + trial->n_inputs - trial->plan->n_outcomes;
    TM_SCRATCH(ctx, path, trial->plan->n_outcomes);
    for (int32_t i = 0; i < trial->plan->n_outcomes; i++) path[i] = first[i].path;
    return tm_outcomes_build(ctx, trial, path);
}

temoin_status temoin_trial_build(temoin_context *ctx, const temoin_plan *plan, bool with_outcomes,
                                 const temoin_trial **out)
{
    temoin_trial *trial = NULL;
    tm_mark scratch = tm_arena_mark(&ctx->scratch);
    *out = NULL;
    TM_ALLOC(ctx, trial, 1);
    trial->plan = plan;
    trial->n_arms = plan->n_arms;
    trial->n_measures = plan->n_measures;
    TM_TRY(build_inputs(ctx, trial, with_outcomes));
    TM_TRY(tm_units_build(ctx, trial, trial->inputs[1].path));
    TM_TRY(tm_strata_build(ctx, trial));
    if (plan->capacity.workers.file)
        TM_TRY(tm_capacity_build(ctx, trial, trial->inputs[2].path,
                                 plan->capacity.exits.file ? trial->inputs[3].path : NULL));
    else if (plan->design.options.workers.file)
        TM_TRY(tm_workers_build(ctx, trial, trial->inputs[2].path));
    if (with_outcomes) TM_TRY(build_outcomes(ctx, trial));
    tm_arena_rewind(&ctx->scratch, scratch);
    *out = trial;
    return TEMOIN_OK;
}
