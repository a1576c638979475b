/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The section `providers`: who they are, and what is asked about them. */
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

/* Without a column, providers are the workers whom the design draws: each for one arm, or all for one. */
static void check_drawn_providers(tm_plan_reader *r, const temoin_plan *plan)
{
    const bool capacity = plan->capacity.workers.file, one_arm = capacity && plan->capacity.arm >= 0;
    if (!plan->design.options.workers.file && !capacity)
        tm_trouble_add(r, LINE("providers"),
                       "\"providers\" needs the key \"column\"; only a design with \"workers\", or \"capacity\", knows "
                       "providers without it");
    else if (one_arm &&
             (plan->providers.structure != TM_STRUCTURE_ONE_ARM || plan->providers.arm != plan->capacity.arm))
        tm_trouble_add(
            r, LINE("providers"),
            "workers with \"capacity.arm\" serve that arm: write \"structure: one_arm\" with the same \"arm\", or "
            "name the \"column\" of those who served in fact");
    else if (!one_arm && plan->providers.structure != TM_STRUCTURE_NESTED)
        tm_trouble_add(
            r, LINE("providers.structure"),
            "workers who are drawn serve one arm each: write \"structure: nested\", or name the \"column\" of those "
            "who served in fact");
}

temoin_status tm_plan_resolve_providers(tm_plan_reader *r, const tm_raw_providers *raw, temoin_plan *plan)
{
    tm_plan_providers *p = &plan->providers;
    p->arm = -1;
    if (!tm_plan_node_find(r->document, "providers")) return TEMOIN_OK;
    p->structure = (tm_structure)raw->structure;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->column, &p->column));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->site, &p->site));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->over_time, &p->over_time));
    p->randomized = raw->randomized || plan->design.options.workers.file;
    bool one_arm = p->structure == TM_STRUCTURE_ONE_ARM;
    if (one_arm && !raw->arm)
        tm_trouble_add(r, LINE("providers.structure"),
                       "\"structure: one_arm\" needs \"arm\": the arm that has providers");
    if (!one_arm && raw->arm)
        tm_trouble_add(r, LINE("providers.arm"),
                       "\"providers.arm\" belongs to \"structure: one_arm\" only; take it out");
    if (one_arm && raw->arm) p->arm = tm_plan_arm_find(r, plan, raw->arm, LINE("providers.arm"));
    if (raw->randomized && p->structure != TM_STRUCTURE_NESTED)
        tm_trouble_add(r, LINE("providers.randomized"),
                       "workers who were drawn for the arms serve one arm each: write \"structure: nested\", or take "
                       "\"randomized\" out");
    if (!raw->column) check_drawn_providers(r, plan);
    return TEMOIN_OK;
}

/* A correlation from 0 to 1; what is none is a problem of its line, and NaN. */
static double resolve_correlation(tm_plan_reader *r, const char *text, int line)
{
    double x;
    if (text && tm_number_read(text, strlen(text), '.', &x) && x >= 0 && x <= 1) return x;
    tm_trouble_add(r, line, "an intraclass correlation lies from 0 to 1, found %s", tm_excerpt(r, text ? text : ""));
    return NAN;
}

static temoin_status resolve_published(tm_plan_reader *r, const tm_raw_providers *raw, temoin_plan *plan)
{
    tm_plan_published *published;
    TM_ALLOC(r->ctx, published, raw->published_icc_count);
    for (unsigned i = 0; i < raw->published_icc_count; i++) {
        const tm_raw_published *from = &raw->published_icc[i];
        published[i].low = resolve_correlation(r, from->low, LINE("providers.published_icc[%u].low", i));
        published[i].high = resolve_correlation(r, from->high, LINE("providers.published_icc[%u].high", i));
        TM_TRY(tm_raw_label_copy(r->ctx, &from->source, "", &published[i].source));
        if (published[i].low > published[i].high)
            tm_trouble_add(r, LINE("providers.published_icc[%u].low", i),
                           "the range ends before it begins: \"low\" %s, \"high\" %s", tm_excerpt(r, from->low),
                           tm_excerpt(r, from->high));
    }
    plan->providers.published = published;
    plan->providers.n_published = (int32_t)raw->published_icc_count;
    return TEMOIN_OK;
}

static temoin_status resolve_placebo(tm_plan_reader *r, const tm_raw_providers *raw, temoin_plan *plan)
{
    static const double usual[] = {0.01, 0.05, 0.1};
    const unsigned n = raw->placebo_icc_count ? raw->placebo_icc_count : sizeof usual / sizeof *usual;
    double *icc;
    TM_ALLOC(r->ctx, icc, n);
    for (unsigned i = 0; i < n; i++)
        icc[i] = raw->placebo_icc_count
                     ? resolve_correlation(r, raw->placebo_icc[i], LINE("providers.placebo_icc[%u]", i))
                     : usual[i];
    plan->providers.placebo_icc = icc;
    plan->providers.n_placebo = (int32_t)n;
    return TEMOIN_OK;
}

temoin_status tm_plan_resolve_dossier(tm_plan_reader *r, const tm_raw_providers *raw, temoin_plan *plan)
{
    static const int32_t first[] = {0};
    const char **name;
    if (!tm_plan_node_find(r->document, "providers")) return TEMOIN_OK;
    TM_SCRATCH(r->ctx, name, plan->n_estimates);
    for (int32_t e = 0; e < plan->n_estimates; e++) name[e] = plan->estimates[e].name;
    const tm_names names = {name, plan->n_estimates};
    TM_TRY(tm_plan_resolve_references(r, raw->estimates, raw->estimates_count, &names, "providers.estimates",
                                      "estimate", &plan->providers.estimates));
    plan->providers.n_estimates = (int32_t)raw->estimates_count;
    if (!raw->estimates_count && plan->n_estimates > 0) {
        plan->providers.estimates = first;
        plan->providers.n_estimates = 1;
    }
    TM_TRY(resolve_published(r, raw, plan));
    return resolve_placebo(r, raw, plan);
}
