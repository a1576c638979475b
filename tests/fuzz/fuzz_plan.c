/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are a plan or are refused with a problem; every line that the plan tells
 * lies in the file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition) abort();
}

static void check_plan(const temoin_plan *plan, size_t size)
{
    demand(plan->n_arms >= 2 && plan->share_sum >= plan->n_arms);
    demand(plan->design.seed || plan->design.assigned);
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        int line = tm_plan_line(plan, "estimates[%d].variance", e);
        demand(line >= 1 && (size_t)line <= size + 1);
        demand(plan->estimates[e].n_contrasts >= 1 && plan->estimates[e].level > 0);
        for (int32_t m = 0; m < plan->estimates[e].n_measures; m++)
            demand(plan->estimates[e].measures[m] >= 0 && plan->estimates[e].measures[m] < plan->n_measures);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    temoin_context *ctx;
    const temoin_context_opts opts = TEMOIN_CONTEXT_OPTS_INIT;
    const temoin_plan *plan;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 0;
    temoin_status status = tm_plan_parse(ctx, "fuzz.yaml", (const char *)data, size, &plan);
    demand(status == TEMOIN_OK || temoin_context_n_problems(ctx) > 0);
    /* libcyaml, which knows no lines, refuses nothing that we let pass */
    for (size_t i = 0; i < temoin_context_n_problems(ctx); i++)
        demand(strncmp(temoin_context_problem(ctx, i), "fuzz.yaml: line ", 16) == 0);
    if (status == TEMOIN_OK) check_plan(plan, size);
    temoin_context_free(ctx);
    return 0;
}
