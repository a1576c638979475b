/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arms: as listed, or all combinations of the levels of `factorial`. */
#include <string.h>

#include "base/sink.h"
#include "plan/schema.h"
#include "plan/share_text.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

enum { MOST_COMBINATIONS = 1024 };

static void check_arm_name(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_plan *raw, unsigned a)
{
    for (unsigned before = 0; before < a; before++)
        if (strcmp(raw->arms[a].name, raw->arms[before].name) == 0) {
            tm_trouble_add(r, LINE("arms[%u].name", a), "arm %s is declared a second time; the first is on line %d",
                           tm_excerpt(r, raw->arms[a].name), LINE("arms[%u].name", before));
            return;
        }
}

static temoin_status resolve_listed(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    int32_t n = (int32_t)raw->arms_count;
    tm_plan_arm *arms;
    const char **text;
    int64_t *share;
    TM_ALLOC(r->ctx, arms, n);
    TM_SCRATCH(r->ctx, text, n);
    TM_SCRATCH(r->ctx, share, n);
    for (int32_t a = 0; a < n; a++) {
        TM_TRY(tm_raw_text_copy(r->ctx, raw->arms[a].name, &arms[a].name));
        TM_TRY(tm_raw_label_copy(r->ctx, &raw->arms[a].label, raw->arms[a].name, &arms[a].label));
        check_arm_name(r, plan, raw, (unsigned)a);
        text[a] = raw->arms[a].share ? raw->arms[a].share : "1";
    }
    tm_raw_shares(r, text, share, n, "arms", &plan->share_sum);
    for (int32_t a = 0; a < n; a++) arms[a].share = share[a];
    plan->arms = arms;
    plan->n_arms = n;
    return TEMOIN_OK;
}

/* A factor, and the shares of its levels. */
static temoin_status resolve_factor(tm_plan_reader *r, const tm_raw_level_factor *raw, unsigned f,
                                    tm_plan_arm_factor *out, int64_t **share, int64_t *sum)
{
    TM_TRY(tm_raw_text_copy(r->ctx, raw->name, &out->name));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->levels, raw->levels_count, &out->level));
    const char *levels = tm_text(r->ctx, "factorial[%u].levels", f),
               *shares = tm_text(r->ctx, "factorial[%u].shares", f);
    if (!levels || !shares) return tm_fail_memory(r->ctx);
    tm_names_check_unique(r, &out->level, levels);
    TM_SCRATCH(r->ctx, *share, out->level.n);
    *sum = out->level.n;
    for (int32_t l = 0; l < out->level.n; l++) (*share)[l] = 1;
    if (!raw->shares_count) return TEMOIN_OK;
    if (raw->shares_count == raw->levels_count)
        tm_raw_shares(r, (const char *const *)raw->shares, *share, out->level.n, shares, sum);
    else
        tm_trouble_add(r, tm_plan_node_at(r->document, "%s", shares)->line,
                       "shares in \"factorial.shares\": %u; levels: %u; give one share for each level",
                       raw->shares_count, raw->levels_count);
    return TEMOIN_OK;
}

/* Levels joined by `between`; the last factor's level changes first. */
static temoin_status join_levels(tm_plan_reader *r, const temoin_plan *plan, int32_t arm, const char *between,
                                 const char **out)
{
    tm_sink sink;
    tm_sink_init(&sink, r->ctx);
    int32_t stride = plan->n_arms;
    for (int32_t f = 0; f < plan->n_arm_factors; f++) {
        const tm_names *level = &plan->arm_factors[f].level;
        stride /= level->n;
        tm_sink_printf(&sink, "%s%s", f ? between : "", level->name[arm / stride % level->n]);
    }
    *out = sink.text;
    return tm_sink_finish(&sink);
}

static temoin_status name_combination(tm_plan_reader *r, const temoin_plan *plan, tm_plan_arm *arms, int32_t a)
{
    const char *text;
    TM_TRY(join_levels(r, plan, a, ".", &arms[a].name));
    TM_TRY(join_levels(r, plan, a, " \u00b7 ", &text));
    arms[a].label = (tm_label){text, text};
    for (int32_t before = 0; before < a; before++)
        if (strcmp(arms[a].name, arms[before].name) == 0) {
            tm_trouble_add(r, LINE("factorial"),
                           "two arms of \"factorial\" would both be named %s; change a level's name",
                           tm_excerpt(r, arms[a].name));
            break;
        }
    return TEMOIN_OK;
}

static temoin_status combine_levels(tm_plan_reader *r, temoin_plan *plan, int64_t *const *share)
{
    tm_plan_arm *arms;
    TM_ALLOC(r->ctx, arms, plan->n_arms);
    for (int32_t a = 0; a < plan->n_arms; a++) {
        int32_t stride = plan->n_arms;
        arms[a].share = 1;
        for (int32_t f = 0; f < plan->n_arm_factors; f++) {
            stride /= plan->arm_factors[f].level.n;
            arms[a].share *= share[f][a / stride % plan->arm_factors[f].level.n];
        }
        TM_TRY(name_combination(r, plan, arms, a));
    }
    plan->arms = arms;
    return TEMOIN_OK;
}

static temoin_status resolve_factorial(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    const unsigned n = raw->factorial_count;
    tm_plan_arm_factor *factors;
    int64_t **share, sum, n_arms = 1, share_sum = 1, n_before = r->n_troubles;
    TM_ALLOC(r->ctx, factors, n);
    TM_SCRATCH(r->ctx, share, n);
    for (unsigned f = 0; f < n; f++) {
        TM_TRY(resolve_factor(r, &raw->factorial[f], f, &factors[f], &share[f], &sum));
        for (unsigned before = 0; before < f; before++)
            if (strcmp(factors[f].name, factors[before].name) == 0)
                tm_trouble_add(r, LINE("factorial[%u].name", f),
                               "factor %s is declared a second time; the first is on line %d",
                               tm_excerpt(r, factors[f].name), LINE("factorial[%u].name", before));
        if (n_arms <= MOST_COMBINATIONS) n_arms *= factors[f].level.n;
        if (share_sum <= TM_SHARE_SUM_MOST) share_sum *= sum;
    }
    if (n_arms > MOST_COMBINATIONS || share_sum > TM_SHARE_SUM_MOST) {
        tm_trouble_add(r, LINE("factorial"),
                       n_arms > MOST_COMBINATIONS
                           ? "the levels of \"factorial\" make more than %d arms; leave some out"
                           : "the shares of \"factorial\" multiply to more than %d parts; round them",
                       n_arms > MOST_COMBINATIONS ? MOST_COMBINATIONS : TM_SHARE_SUM_MOST);
        return TEMOIN_OK;
    }
    if (r->n_troubles > n_before) return TEMOIN_OK; /* combinations of what is wrong are not worth a word */
    plan->arm_factors = factors;
    plan->n_arm_factors = (int32_t)n;
    plan->n_arms = (int32_t)n_arms;
    plan->share_sum = share_sum;
    return combine_levels(r, plan, share);
}

temoin_status tm_plan_resolve_arms(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    if (!raw->factorial_count) return resolve_listed(r, raw, plan);
    if (raw->arms_count)
        tm_trouble_add(r, LINE("factorial"),
                       "the plan has both \"arms\" and \"factorial\"; keep the one that names the arms");
    return resolve_factorial(r, raw, plan);
}
