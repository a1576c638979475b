/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/estimate_methods.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "inference/estimate_cells.h"
#include "statistics/statistic.h"

/* With fewer rows the degrees of freedom of a robust variance matter, and Bell & McCaffrey's are the default. */
enum { FEW_ROWS = 500 };
/* Of one registry. */
enum { MOST_KEYS = 256 };

/* The first in the list of an estimator that runs itself; of a linear model, in the registry. */
static const tm_variance *first_variance(const tm_estimator *estimator, bool clustered)
{
    for (int v = 0; !estimator->run && v < tm_n_variances; v++)
        if (tm_variances[v]->clustered == clustered && tm_variance_serves(tm_variances[v], estimator))
            return tm_variances[v];
    for (const char *at = estimator->variances; at && *at; at += strcspn(at, " "), at += *at == ' ') {
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(at, " "), at);
        const tm_variance *variance = tm_variance_find(key);
        if (variance && variance->clustered == clustered) return variance;
    }
    return NULL;
}

/* cr2 with clusters; without, neyman for differences in means and hc2 for regressions; else the estimator's first. */
const tm_variance *tm_default_variance(const tm_estimator *estimator, bool clustered, int64_t n_rows)
{
    const char *preferred[] = {"cr2", "neyman", n_rows < FEW_ROWS ? "hc2_bm" : "hc2", "hc2"};
    for (int k = 0; k < 4; k++) {
        const tm_variance *variance = tm_variance_find(preferred[k]);
        if (variance->clustered == clustered && tm_variance_serves(variance, estimator)) return variance;
    }
    return first_variance(estimator, clustered);
}

/* `what` is a registry's entry; the registry is its plural. */
static temoin_status fail_key(temoin_context *ctx, const temoin_plan *plan, int line, const char *what, const char *key,
                              const char *const *known, int n_known)
{
    const char *nearest = tm_nearest(key, known, (size_t)n_known);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: there is no %s \"%s\"; %s%s%s`temoin list %ss` shows all", plan->path,
            line, what, key, nearest ? "did you mean \"" : "", nearest ? nearest : "", nearest ? "\"? " : "", what);
}

static temoin_status find_method(temoin_context *ctx, const temoin_plan *plan, int e, tm_estimate_method *out)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    const char *known[MOST_KEYS];
    out->estimator = tm_estimator_find(estimate->estimator);
    out->variance = estimate->variance ? tm_variance_find(estimate->variance) : NULL;
    if (!out->estimator) {
        for (int i = 0; i < tm_n_estimators; i++) known[i] = tm_estimators[i]->key;
        return fail_key(ctx, plan, tm_plan_line(plan, "estimates[%d].estimator", e), "estimator", estimate->estimator,
                        known, tm_n_estimators);
    }
    if (estimate->variance && !out->variance) {
        for (int i = 0; i < tm_n_variances; i++) known[i] = tm_variances[i]->key;
        return fail_key(ctx, plan, tm_plan_line(plan, "estimates[%d].variance", e), "variance", estimate->variance,
                        known, tm_n_variances);
    }
    return TEMOIN_OK;
}

/* Some estimators are for outcomes of one kind, and times have estimators of their own. */
static const char *refuse_measure(const tm_estimator *estimator, tm_measure_kind kind)
{
    const bool for_times = estimator->outcome == TM_OUTCOME_TIME;
    if (for_times && kind != TM_MEASURE_TIME) return "is for measures of kind time, which have an event";
    if (!for_times && kind == TM_MEASURE_TIME)
        return "is not for times that may end before the event; use cox, log_rank, kaplan_meier or rmst";
    if (estimator->outcome == TM_OUTCOME_BINARY && kind != TM_MEASURE_BINARY)
        return "is for measures of kind binary; for others there are dim, ols and lin";
    return NULL;
}

static temoin_status check_measures(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimator *estimator)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    for (int32_t m = 0; m < estimate->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[estimate->measures[m]];
        const char *why = refuse_measure(estimator, measure->kind);
        if (why)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: measure \"%s\": estimator \"%s\" %s", plan->path,
                    tm_plan_line(plan, "estimates[%d].measures[%d]", e, (int)m), measure->name, estimator->key, why);
    }
    if (estimate->horizon > 0 && !estimator->takes_horizon)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no horizon; kaplan_meier and rmst have",
                plan->path, tm_plan_line(plan, "estimates[%d].horizon", e), estimator->key);
    return TEMOIN_OK;
}

/* Rows of the same client are not independent. */
static temoin_status check_waves(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimate_method *m)
{
    if (m->estimator->waves != TM_WAVES_SINGLE && m->variance && !m->variance->clustered)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" has a row for each wave of a client, which variance \"%s\" takes for "
                "independent; use cr2",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->estimator->key, m->variance->key);
    return TEMOIN_OK;
}

static temoin_status check_method(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimate_method *m)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    const char *cluster = tm_estimate_cluster(estimate, m->estimator->waves != TM_WAVES_SINGLE);
    if (estimate->covariates.n && !m->estimator->takes_covariates)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" takes no covariates; use ols or lin, or leave them out", plan->path,
                tm_plan_line(plan, "estimates[%d].covariates", e), m->estimator->key);
    TM_TRY(check_measures(ctx, plan, e, m->estimator));
    TM_TRY(check_waves(ctx, plan, e, m));
    if (!m->variance) {
        if (tm_default_variance(m->estimator, cluster, 0)) return TEMOIN_OK;
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no variance that %s clusters; %s", plan->path,
                tm_plan_line(plan, "estimates[%d]", e), m->estimator->key, cluster ? "knows" : "ignores",
                cluster ? "leave `cluster` out" : "add `cluster`");
    }
    if (m->variance->clustered && !cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" needs `cluster`: provider, client or a column",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    if (!m->variance->clustered && cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" ignores clusters; use cr2, or leave `cluster` out",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    if (m->estimator->variances && !tm_variance_serves(m->variance, m->estimator))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no variance \"%s\"; it has %s", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->estimator->key, m->variance->key,
                m->estimator->variances);
    if (!m->estimator->run && !m->variance->run)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" is not for estimator \"%s\"; use hc2", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key, m->estimator->key);
    if (m->variance->blockwise && !m->estimator->blockwise)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: variance \"%s\" is for differences in means (dim, dim_precision); use hc2", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    return TEMOIN_OK;
}

/* Receipt is compared between one arm and another. */
static temoin_status check_receipt(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimate_method *m)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    if (m->estimator->instrumented != (estimate->received != NULL))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" %s", plan->path,
                tm_plan_line(plan, estimate->received ? "estimates[%d].received" : "estimates[%d].estimator", e),
                m->estimator->key,
                estimate->received ? "does not ask who took part; use iv or wald_ratio, or leave `received` out"
                                   : "needs `received`: the column of the clients that says who took part, 0 or 1");
    if (!m->estimator->at_quantile && (!isnan(estimate->quantile) || estimate->quantile_type))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" is about means; use quantile or quantile_regression", plan->path,
                tm_plan_line(plan, "estimates[%d].quantile", e), m->estimator->key);
    if (m->estimator->at_quantile && m->estimator->takes_covariates && estimate->quantile_type)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: a regression has no type of sample quantile; leave it out",
                plan->path, tm_plan_line(plan, "estimates[%d].quantile_type", e));
    for (int32_t c = 0; m->estimator->instrumented && c < estimate->n_contrasts; c++) {
        const tm_plan_contrast *contrast = &estimate->contrasts[c];
        int n_arms = 0;
        for (int32_t a = 0; a < plan->n_arms; a++) n_arms += contrast->weights[a] != 0;
        if (n_arms != 2)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: estimator \"%s\" compares one arm with another; contrast \"%s\" weighs %d arms",
                    plan->path, tm_plan_line(plan, "estimates[%d].contrasts[%d]", e, (int)c), m->estimator->key,
                    contrast->arm, n_arms);
    }
    return TEMOIN_OK;
}

/* Sites are those of providers. */
static temoin_status check_sites(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimate_method *m)
{
    const char *cluster = plan->estimates[e].cluster;
    if (!m->estimator->takes_sites || (plan->providers.site && cluster && strcmp(cluster, "provider") == 0))
        return TEMOIN_OK;
    TM_FAIL(
        ctx, TEMOIN_ERR_PLAN,
        "%s: line %d: estimator \"%s\" needs `cluster: provider` and `providers.site`: the column of the clients that "
        "says where their provider works",
        plan->path, tm_plan_line(plan, "estimates[%d].estimator", e), m->estimator->key);
}

temoin_status tm_statistics_validate(temoin_context *ctx, const temoin_plan *plan)
{
    const char *known[MOST_KEYS];
    for (int i = 0; i < tm_n_statistics; i++) known[i] = tm_statistics[i]->key;
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const char *statistic = plan->estimates[e].randomization;
        if (!statistic || tm_statistic_find(statistic)) continue;
        const bool own = strcmp(statistic, plan->randomization_statistic) != 0;
        return fail_key(ctx, plan,
                        own ? tm_plan_line(plan, "estimates[%d].randomization", (int)e)
                            : tm_plan_line(plan, "randomization.statistic"),
                        "statistic", statistic, known, tm_n_statistics);
    }
    return TEMOIN_OK;
}

temoin_status tm_estimate_methods_build(temoin_context *ctx, const temoin_plan *plan, tm_estimate_method **out)
{
    tm_estimate_method *methods;
    TM_ALLOC(ctx, methods, plan->n_estimates);
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        TM_TRY(find_method(ctx, plan, e, &methods[e]));
        TM_TRY(check_method(ctx, plan, e, &methods[e]));
        TM_TRY(check_receipt(ctx, plan, e, &methods[e]));
        TM_TRY(check_sites(ctx, plan, e, &methods[e]));
    }
    *out = methods;
    return TEMOIN_OK;
}
