/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

/* `bootstrap: none` says something only where the section is, and `cluster`. */
static void check_estimates(tm_plan_reader *r, const temoin_plan *plan, bool section)
{
    bool any = false;
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &plan->estimates[e];
        any |= estimate->cluster && estimate->bootstrap;
        if (!estimate->bootstrap && (!section || !estimate->cluster))
            tm_trouble_add(r, LINE("estimates[%d].bootstrap", e),
                           "\"bootstrap: none\" is for a clustered estimate of a plan with the section \"bootstrap\"; "
                           "take it out");
    }
    if (section && !any)
        tm_trouble_add(r, LINE("bootstrap"),
                       "\"bootstrap\" is for estimates with \"cluster\", and no estimate asks for it; give one a "
                       "\"cluster\", or leave the section out");
}

temoin_status tm_plan_resolve_bootstrap(tm_plan_reader *r, const tm_raw_bootstrap *raw, temoin_plan *plan)
{
    enum { MOST_DRAWS = 10000000, USUAL_DRAWS = 9999 };
    bool section = tm_plan_node_find(r->document, "bootstrap") != NULL;
    check_estimates(r, plan, section);
    if (!section) return TEMOIN_OK;
    plan->bootstrap.draws = tm_raw_whole(r, raw->draws, 1, MOST_DRAWS, USUAL_DRAWS, "bootstrap.draws");
    plan->bootstrap.weights = raw->weights;
    plan->bootstrap.unrestricted = raw->null == 1;
    plan->bootstrap.jackknife_scores = raw->scores == 1;
    plan->bootstrap.jackknife_statistic = raw->statistic == 1;
    return tm_raw_text_copy(r->ctx, raw->subclusters, &plan->bootstrap.subclusters);
}
