/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantile regressions and differences of sample quantiles. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "estimators/check_loss.h"
#include "estimators/quantile_design.h"
#include "inference/effects.h"

static struct {
    int sample_quantiles, unique, warned_only, same_vertex, other_vertex, other_sparsity;
} seen;

static double extra_number(const golden_result *r, const char *key)
{
    return json_number_value(json_object_get(r->extra, key));
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Two arms and nothing else: a quantile is free to move where a whole number of clients lies below it and the next one
 * has another outcome. */
static bool arms_are_unique(temoin_context *ctx, const tm_sample *s)
{
    bool unique = true;
    double *y = golden_take(ctx, s->n, sizeof *y);
    for (int32_t a = 0; a < s->n_arms; a++) {
        int64_t n = 0;
        for (int64_t i = 0; i < s->n; i++)
            if (s->arm[i] == a) y[n++] = s->y[i];
        qsort(y, (size_t)n, sizeof *y, by_value);
        double below = s->quantile * (double)n;
        int64_t k = (int64_t)floor(below + 0.5);
        if (n && fabs(below - (double)k) < 1e-9 && y[k - 1] < y[k]) unique = false;
    }
    return unique;
}

/* Whatever the vertex, the minimum is the same. quantreg also warns where the two clients between whom the quantile
 * lies have the same outcome, which leaves it no room. */
static bool compare_minimum(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                            const tm_sample *sample, tm_quantile_design *design, tm_check_loss_fit *fit)
{
    golden_result exact = *r;
    exact.rtol = 1e-9;
    check_ok(ctx, tm_quantile_design_build(ctx, sample, design));
    check_ok(ctx, tm_check_loss_run(ctx, &design->loss, sample->quantile, fit));
    design->fit = fit;
    golden_compare(t, data, &exact, "objective", fit->objective, extra_number(r, "objective"), 0);
    bool unique = !json_is_true(json_object_get(r->extra, "nonunique"));
    if (!unique && design->p == 2 && arms_are_unique(ctx, sample)) unique = true, seen.warned_only++;
    if (fit->unique != unique) golden_wrong(t, data, r, "unique", fit->unique, unique);
    return unique;
}

static double absolute_loss(const tm_quantile_near *near, double slope, double *room)
{
    double sum = 0;
    for (int64_t k = 0; k < near->n; k++) room[k] = near->y[k] - slope * near->x[k];
    qsort(room, (size_t)near->n, sizeof *room, by_value);
    for (int64_t k = 0; k < near->n; k++) sum += fabs(room[k] - room[near->n / 2]);
    return sum;
}

/* Several lines may be as near to the residuals around zero: the reference's slope is another such one. */
static bool is_other_sparsity(temoin_context *ctx, const golden_result *r, const tm_quantile_design *design, double se)
{
    tm_quantile_near near;
    tm_check_loss_fit line;
    if (strcmp(r->vcov, "rq_iid") != 0) return false;
    check_ok(ctx, tm_quantile_near_build(ctx, design, design->sample->quantile, &near));
    double *one = golden_take(ctx, near.n, sizeof *one), *room = golden_take(ctx, near.n, sizeof *room);
    for (int64_t k = 0; k < near.n; k++) one[k] = 1;
    const double *const x[] = {one, near.x};
    const tm_check_loss loss = {near.n, 2, x, near.y, NULL, near.y};
    check_ok(ctx, tm_check_loss_run(ctx, &loss, 0.5, &line));
    return !line.unique && close_to(absolute_loss(&near, line.beta[1], room),
                                    absolute_loss(&near, line.beta[1] * r->se / se, room), 1e-6, 0);
}

static void compare_regression(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                               const golden_sample *s)
{
    golden_result rest = *r;
    tm_quantile_design design;
    tm_check_loss_fit fit;
    tm_effect e;
    bool unique = compare_minimum(ctx, t, data, r, &s->sample, &design, &fit);
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s->sample, tm_estimator_find("quantile_regression"), tm_variance_find(r->vcov),
                                 s->arm_weight, 1, r->level, &e));
    golden_compare(t, data, r, "n", (double)e.n, r->n, 0);
    if (isnan(rest.rtol)) rest.rtol = 1e-6;
    if (unique)
        seen.unique++;
    else { /* the reference may have taken another vertex; at the same one its figures are ours */
        bool same = fabs(e.value - r->estimate) <= 1e-9 * s->sd;
        seen.same_vertex += same, seen.other_vertex += !same;
        if (!same) return;
    }
    if (!close_to(e.se, r->se, rest.rtol, 0) && is_other_sparsity(ctx, r, &design, e.se)) {
        seen.other_sparsity++;
        rest.se = rest.t = rest.p = rest.ci_low = rest.ci_high = NAN;
    }
    golden_compare(t, data, &rest, "estimate", e.value, r->estimate, 1e-9 * s->sd);
    golden_compare(t, data, &rest, "se", e.se, rest.se, 0);
    golden_compare(t, data, &rest, "df", e.df, r->df, 0);
    golden_compare(t, data, &rest, "t", e.statistic, rest.t, 1e-9 * s->sd / r->se);
    golden_compare(t, data, &rest, "p", e.p, rest.p, 1e-9 * s->sd / r->se);
    golden_compare(t, data, &rest, "ci_low", e.ci_low, rest.ci_low, 1e-9 * s->sd);
    golden_compare(t, data, &rest, "ci_high", e.ci_high, rest.ci_high, 1e-9 * s->sd);
}

static void compare_sample_quantiles(temoin_context *ctx, golden_tally *t, const golden_data *data,
                                     const golden_result *r, golden_sample *s)
{
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    assert_int_equal(sscanf(r->estimator, "sample_quantile_difference_type%d", &s->sample.quantile_type), 1);
    check_ok(ctx, tm_effects_run(ctx, &s->sample, tm_estimator_find("quantile"), tm_variance_find("none"),
                                 s->arm_weight, 1, r->level, &e));
    golden_compare(t, data, r, "estimate", e.value, r->estimate, 1e-9 * s->sd);
    golden_compare(t, data, r, "n", (double)e.n, r->n, 0);
    seen.sample_quantiles++;
}

bool compare_quantile(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    golden_formula formula;
    golden_sample s;
    const char *why;
    if (strcmp(r->family, "quantile") != 0) return false;
    if (!golden_formula_read(r->formula, &formula) ||
        !golden_sample_build(ctx, data, r, &formula, &(golden_options){.two_arms = true}, &s, &why)) {
        golden_leave(t, r, "a formula of another kind");
        return true;
    }
    s.sample.quantile = extra_number(r, "tau");
    if (strcmp(r->estimator, "quantile_regression") == 0)
        compare_regression(ctx, t, data, r, &s);
    else
        compare_sample_quantiles(ctx, t, data, r, &s);
    t->results++;
    return true;
}

bool compare_quantile_is_whole(void)
{
    printf("#   %4d sample quantiles; %d quantile regressions with one solution (%d of which quantreg warns), %d with "
           "several, of which the reference has another in %d; the slope of rq_iid is another in %d\n",
           seen.sample_quantiles, seen.unique, seen.warned_only, seen.same_vertex + seen.other_vertex,
           seen.other_vertex, seen.other_sparsity);
    return seen.sample_quantiles >= 144 && seen.unique + seen.same_vertex + seen.other_vertex >= 72;
}
