/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multiple comparisons: adjustments of p values, and of the contrasts of one fit. The members of a family are the
 * results that agree in all but the contrast. */
#include "adjustments/adjustment.h"
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects_correlation.h"

enum { MOST_MEMBERS = 32 };

typedef struct members {
    golden_result result[MOST_MEMBERS];
    int64_t n, own; /* `own` is the place of the result that is asked for */
} members;

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static void find_members(const golden_data *data, const golden_result *r, members *out)
{
    out->n = 0;
    out->own = -1;
    for (int i = 0; i < golden_n_results(data); i++) {
        const golden_result other = golden_result_at(data, i);
        if (!same_text(other.family, r->family) || !same_text(other.estimator, r->estimator) ||
            !same_text(other.outcome, r->outcome) || !same_text(other.formula, r->formula) ||
            !same_text(other.vcov, r->vcov) || !same_text(other.strata, r->strata))
            continue;
        assert_true(out->n < MOST_MEMBERS);
        if (same_text(other.id, r->id)) out->own = out->n;
        out->result[out->n++] = other;
    }
    assert_true(out->own >= 0);
}

static double extra_number(const golden_result *r, const char *name)
{
    return json_number_value(json_object_get(r->extra, name));
}

static const char *key_of(const char *estimator)
{
    static const char *const keys[][2] = {
        {"p_adjust_bonferroni", "bonferroni"}, {"p_adjust_holm", "holm"},  {"p_adjust_hochberg", "hochberg"},
        {"p_adjust_hommel", "hommel"},         {"p_adjust_BH", "bh"},      {"p_adjust_BY", "by"},
        {"p_adjust_sidak", "sidak"},           {"sharpened_q_BKY", "bky"}, {"p_adjust_holm_sidak", "holm_sidak"},
    };
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(keys[k][0], estimator) == 0) return keys[k][1];
    return NULL;
}

/* The reference tries levels in steps of `grid`: ours is exact, so at most the reference's, and more than one step
 * below. */
static void compare_on_grid(golden_tally *t, const golden_data *data, const golden_result *r, double q)
{
    const double grid = extra_number(r, "grid");
    t->numbers++;
    if (!(q <= r->p * (1 + 1e-12) && q > (r->p - grid) * (1 - 1e-12))) golden_wrong(t, data, r, "q", q, r->p);
}

static void compare_p_adjustment(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                                 const tm_adjustment *adjustment)
{
    members all;
    double p[MOST_MEMBERS], adjusted[MOST_MEMBERS];
    find_members(data, r, &all);
    for (int64_t i = 0; i < all.n; i++) p[i] = extra_number(&all.result[i], "raw_p");
    const json_t *stated = json_object_get(r->extra, "family_p");
    assert_true(!stated || (int64_t)json_array_size(stated) == all.n);
    for (int64_t i = 0; stated && i < all.n; i++)
        assert_true(p[i] == json_number_value(json_array_get(stated, (size_t)i)));
    check_ok(ctx, adjustment->run(ctx, &(tm_family){.n = all.n, .p = p}, adjusted));
    t->results++;
    if (isnan(r->rtol))
        compare_on_grid(t, data, r, adjusted[all.own]);
    else
        golden_compare(t, data, r, "p", adjusted[all.own], r->p, 0);
}

/* All contrasts of the family in one fit. */
static void compare_dunnett(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const char *key = strcmp(r->estimator, "dunnett_single_step") == 0 ? "dunnett" : "dunnett_step_down";
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    static double weight[MOST_MEMBERS * MOST_MEMBERS];
    double p[MOST_MEMBERS], statistic[MOST_MEMBERS], df[MOST_MEMBERS], adjusted[MOST_MEMBERS];
    static double correlation[MOST_MEMBERS * MOST_MEMBERS];
    const int64_t fit[MOST_MEMBERS] = {0};
    tm_effect effects[MOST_MEMBERS];
    golden_formula formula;
    golden_sample s;
    const char *why;
    members all;
    find_members(data, r, &all);
    assert_true(golden_formula_read(r->formula, &formula));
    for (int64_t i = 0; i < all.n; i++) {
        assert_true(golden_sample_build(ctx, data, &all.result[i], &formula, &(golden_options){0}, &s, &why));
        assert_true(s.sample.n_arms < MOST_MEMBERS);
        memcpy(weight + i * s.sample.n_arms, s.arm_weight, (size_t)s.sample.n_arms * sizeof *weight);
        tm_notes_init(&effects[i].notes, ctx);
    }
    const tm_estimator *ols = tm_estimator_find("ols");
    const tm_variance *variance = golden_variance(r);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, ols, variance, weight, (int32_t)all.n, r->level, effects));
    check_ok(ctx, tm_effects_correlation(ctx, &s.sample, ols, variance, weight, (int32_t)all.n, correlation));
    for (int64_t i = 0; i < all.n; i++) {
        p[i] = effects[i].p;
        statistic[i] = effects[i].statistic;
        df[i] = effects[i].df;
    }
    const tm_family family = {
        .n = all.n, .p = p, .statistic = statistic, .df = df, .fit = fit, .correlation = correlation};
    check_ok(ctx, tm_adjustment_find(key)->run(ctx, &family, adjusted));
    t->results++;
    golden_compare(t, data, r, "n", (double)effects[all.own].n, r->n, 0);
    golden_compare(t, data, r, "estimate", effects[all.own].value, r->estimate, 0);
    golden_compare(t, data, r, "se", effects[all.own].se, r->se, 0);
    golden_compare(t, data, r, "df", df[all.own], r->df, 0);
    golden_compare(t, data, r, "t", statistic[all.own], r->t, 0);
    golden_compare(t, data, r, "p", adjusted[all.own], r->p, 0);
    tm_arena_rewind(&ctx->scratch, mark);
}

bool compare_multiplicity(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    if (strcmp(r->family, "multiple_testing") != 0) return false;
    const char *key = key_of(r->estimator);
    const bool dunnett = strncmp(r->estimator, "dunnett_", 8) == 0;
    if (dunnett) compare_dunnett(ctx, t, data, r);
    if (!key) return dunnett;
    compare_p_adjustment(ctx, t, data, r, tm_adjustment_find(key));
    return true;
}
