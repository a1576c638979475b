/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/files.h"
#include "trial/trial_parts.h"

int64_t temoin_trial_n_units(const temoin_trial *trial)
{
    return trial->n_units;
}

static temoin_status build_inputs(temoin_context *ctx, temoin_trial *trial, bool with_outcomes, const char ***path)
{
    const temoin_plan *plan = trial->plan;
    tm_input *input;
    int32_t n = 2 + (with_outcomes ? plan->n_outcomes : 0);
    TM_ALLOC(ctx, input, n);
    TM_ALLOC(ctx, *path, n);
    for (int32_t i = 0; i < n; i++) {
        const char *file = i == 1 ? plan->clients.file : i > 1 ? plan->outcomes[i - 2].file : NULL;
        const char *at = file ? tm_path_beside(ctx, plan->path, file) : plan->path;
        if (!at) return tm_fail_memory(ctx);
        (*path)[i] = at;
        input[i] = (tm_input){i == 0 ? "plan" : i == 1 ? "clients" : "outcomes", at, tm_path_last(at)};
    }
    trial->inputs = input;
    trial->n_inputs = n;
    return TEMOIN_OK;
}

temoin_status temoin_trial_build(temoin_context *ctx, const temoin_plan *plan, bool with_outcomes,
                                 const temoin_trial **out)
{
    temoin_trial *trial = NULL;
    const char **path = NULL;
    tm_mark scratch = tm_arena_mark(&ctx->scratch);
    *out = NULL;
    TM_ALLOC(ctx, trial, 1);
    trial->plan = plan;
    trial->n_arms = plan->n_arms;
    trial->n_measures = plan->n_measures;
    TM_TRY(build_inputs(ctx, trial, with_outcomes, &path));
    TM_TRY(tm_units_build(ctx, trial, path[1]));
    TM_TRY(tm_strata_build(ctx, trial));
    if (with_outcomes) TM_TRY(tm_outcomes_build(ctx, trial, path + 2));
    tm_arena_rewind(&ctx->scratch, scratch);
    *out = trial;
    return TEMOIN_OK;
}
