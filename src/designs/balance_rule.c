/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/balance_rule.h"

#include <math.h>
#include <string.h>

#include "designs/covariate_axes.h"
#include "numeric/distributions.h"

static const double score_unit = 0x1p-24;

/* Covariates in the order of the tiers; without tiers, as they come. */
typedef struct tier_list {
    tm_design_units units; /* the caller's, with covariates in the order of the tiers */
    const double **covariate;
    const char **name;
    int32_t n_placed;
} tier_list;

static temoin_status check_conditions(temoin_context *ctx, const tm_plan_options *options)
{
    const bool accept = options && !isnan(options->accept), tiers = options && options->n_tiers > 0;
    if (accept && tiers)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: \"accept\" and \"tiers\" exclude each other: each tier has its own \"accept\"; leave one of "
                "them out");
    if (!accept && !tiers && !(options && options->n_limits > 0))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"rerandomized\" needs to know which draws pass: \"accept\" (their share, like 0.001), "
                "\"tiers\" "
                "or \"limits\"");
    if (accept && !(options->accept > 0 && options->accept <= 1))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: \"accept\" must be a number above 0 and at most 1");
    for (int32_t t = 0; tiers && t < options->n_tiers; t++)
        if (!(options->tiers[t].accept > 0 && options->tiers[t].accept <= 1))
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: tier %d: \"accept\" must be a number above 0 and at most 1",
                    (int)t + 1);
    for (int32_t i = 0; options && i < options->n_limits; i++)
        if (!(options->limits[i].largest > 0))
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: the limit of \"%s\" must be above 0", options->limits[i].covariate);
    return TEMOIN_OK;
}

static temoin_status fail_unknown(temoin_context *ctx, const char *list, const char *name)
{
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "design: %s names the covariate \"%s\", which is not in design.covariates; add it there", list, name);
}

/* Places all columns of a covariate that no earlier tier has. */
static temoin_status place_covariate(temoin_context *ctx, const tm_design_units *units, const char *name,
                                     tier_list *list)
{
    int32_t n_columns = 0;
    for (int32_t j = 0; j < units->n_covariates; j++) {
        if (strcmp(tm_covariate_name(units, j), name) != 0) continue;
        if (list->n_placed == units->n_covariates)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: the covariate \"%s\" stands in two tiers; name it once", name);
        list->covariate[list->n_placed] = units->covariate[j];
        list->name[list->n_placed++] = tm_covariate_name(units, j);
        n_columns++;
    }
    return n_columns ? TEMOIN_OK : fail_unknown(ctx, "design.tiers", name);
}

static temoin_status check_all_placed(temoin_context *ctx, const tm_design_units *units, const tier_list *list)
{
    for (int32_t j = 0; j < units->n_covariates; j++) {
        int n_times = 0;
        for (int32_t k = 0; k < list->n_placed; k++) n_times += list->covariate[k] == units->covariate[j];
        if (n_times != 1)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: the covariate \"%s\" stands in %s; every covariate belongs to one tier",
                    tm_covariate_name(units, j), n_times ? "two tiers" : "no tier");
    }
    return TEMOIN_OK;
}

static temoin_status build_tiers(temoin_context *ctx, const tm_design_units *units, tier_list *list,
                                 tm_balance_rule *rule)
{
    const tm_plan_options *options = units->options;
    list->units = *units;
    rule->n_tiers = options->n_tiers > 0 ? options->n_tiers : !isnan(options->accept);
    TM_SCRATCH(ctx, rule->tier_end, rule->n_tiers);
    TM_SCRATCH(ctx, rule->threshold, rule->n_tiers);
    rule->accept = 1;
    if (options->n_tiers > 0) {
        TM_SCRATCH(ctx, list->covariate, units->n_covariates);
        TM_SCRATCH(ctx, list->name, units->n_covariates);
        for (int32_t t = 0; t < options->n_tiers; t++) {
            for (int32_t i = 0; i < options->tiers[t].covariates.n; i++)
                TM_TRY(place_covariate(ctx, units, options->tiers[t].covariates.name[i], list));
            rule->tier_end[t] = list->n_placed;
            rule->accept *= options->tiers[t].accept;
        }
        TM_TRY(check_all_placed(ctx, units, list));
        list->units.covariate = list->covariate;
        list->units.covariate_name = list->name;
    } else if (rule->n_tiers) {
        rule->tier_end[0] = units->n_covariates;
        rule->accept = options->accept;
    }
    return TEMOIN_OK;
}

/* Rounded to single precision, so that no mathematical library's last digits decide about a draw. */
static temoin_status find_thresholds(temoin_context *ctx, const tm_design_units *units, tm_balance_rule *rule)
{
    int32_t n_used = 0;
    for (int32_t a = 0; a < units->n_arms; a++) {
        bool used = false;
        for (int32_t s = 0; s < units->n_strata; s++) used |= units->shares[(int64_t)s * units->n_arms + a] > 0;
        n_used += used;
    }
    if (n_used < 2)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"rerandomized\" compares arms and needs at least two that have a share");
    for (int32_t t = 0; t < rule->n_tiers; t++) {
        const int32_t p = rule->tier_end[t] - (t ? rule->tier_end[t - 1] : 0);
        const double accept = units->options->n_tiers > 0 ? units->options->tiers[t].accept : units->options->accept;
        rule->threshold[t] = (double)(float)tm_chi2_quantile(accept, (double)p * (n_used - 1));
    }
    return TEMOIN_OK;
}

/* x [n_units] / its stratum's sqrt(m / (m - 1)), times factor, becomes column j of the scores. */
static void set_scores(const tm_design_units *units, const int64_t *size, const double *x, double factor, int32_t j,
                       tm_balance_rule *rule)
{
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t s = units->stratum ? units->stratum[u] : 0;
        const double m = (double)size[s], root = m > 1 ? sqrt(m / (m - 1)) : 1;
        const int64_t score = (int64_t)floor(x[u] / root * factor / score_unit + 0.5);
        rule->score[u * rule->width + j] = score;
        rule->total[(int64_t)s * rule->width + j] += score;
    }
}

static temoin_status set_limits(temoin_context *ctx, const tm_design_units *units, const int64_t *size,
                                tm_balance_rule *rule)
{
    const tm_plan_options *options = units->options;
    double **within, **overall;
    if (!options->n_limits) return TEMOIN_OK;
    TM_TRY(tm_covariates_centre(ctx, units, true, &within));
    TM_TRY(tm_covariates_centre(ctx, units, false, &overall));
    for (int32_t i = 0; i < options->n_limits; i++) {
        const int32_t before = rule->n_limits;
        for (int32_t j = 0; j < units->n_covariates; j++) {
            if (strcmp(tm_covariate_name(units, j), options->limits[i].covariate) != 0) continue;
            double squares = 0;
            for (int64_t u = 0; u < units->n_units; u++) squares += overall[j][u] * overall[j][u];
            const double deviation = sqrt(squares / (double)(units->n_units - 1));
            rule->limit[rule->n_limits] = options->limits[i].largest;
            set_scores(units, size, within[j], 1 / deviation, rule->first_limit + rule->n_limits++, rule);
        }
        if (rule->n_limits == before) return fail_unknown(ctx, "design.limits", options->limits[i].covariate);
    }
    return TEMOIN_OK;
}

static temoin_status set_axes(temoin_context *ctx, const tm_design_units *units, const int64_t *size,
                              tm_balance_rule *rule)
{
    double **x;
    if (!rule->n_tiers) return TEMOIN_OK;
    TM_TRY(tm_covariates_centre(ctx, units, true, &x));
    TM_TRY(tm_covariates_orthogonalize(ctx, units, x, NULL));
    for (int32_t j = 0; j < units->n_covariates; j++)
        set_scores(units, size, x[j], sqrt((double)units->n_units), j, rule);
    return TEMOIN_OK;
}

/* A covariate may be limited once; all of its columns are. */
static temoin_status check_limits_once(temoin_context *ctx, const tm_plan_options *options)
{
    for (int32_t i = 0; i < options->n_limits; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcmp(options->limits[i].covariate, options->limits[k].covariate) == 0)
                TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: \"%s\" has two limits; give it one",
                        options->limits[i].covariate);
    return TEMOIN_OK;
}

temoin_status tm_balance_rule_build(temoin_context *ctx, const tm_design_units *units, tm_balance_rule *rule)
{
    tier_list list = {.n_placed = 0};
    int64_t *size;
    *rule = (tm_balance_rule){.n_arms = units->n_arms, .n_strata = units->n_strata};
    TM_TRY(check_conditions(ctx, units->options));
    TM_TRY(check_limits_once(ctx, units->options));
    TM_TRY(build_tiers(ctx, units, &list, rule));
    TM_TRY(find_thresholds(ctx, units, rule));
    TM_SCRATCH(ctx, size, units->n_strata);
    for (int64_t u = 0; u < units->n_units; u++) size[units->stratum ? units->stratum[u] : 0]++;
    rule->first_limit = rule->n_tiers ? units->n_covariates : 0;
    rule->width = (rule->first_limit + (units->options->n_limits ? units->n_covariates : 0) + 3) / 4 * 4;
    TM_SCRATCH(ctx, rule->limit, units->n_covariates);
    TM_SCRATCH(ctx, rule->score, units->n_units * rule->width);
    TM_SCRATCH(ctx, rule->total, (int64_t)units->n_strata * rule->width);
    TM_SCRATCH(ctx, rule->sum, ((int64_t)units->n_arms + 1) * rule->width);
    TM_SCRATCH(ctx, rule->n_in, (int64_t)units->n_arms + 1);
    TM_TRY(set_axes(ctx, &list.units, size, rule));
    return set_limits(ctx, units, size, rule);
}

typedef int64_t two __attribute__((vector_size(16), aligned(8), may_alias));

/* Four columns of the rows of n units, in registers of every processor. */
static void add_four(const int64_t *score, int32_t width, const int32_t *unit, int64_t n, int64_t *to, int64_t *from)
{
    two sum[2] = {{0}};
    for (int64_t i = 0; i < n; i++) {
        const two *row = (const two *)(score + (int64_t)unit[i] * width);
        sum[0] += row[0];
        sum[1] += row[1];
    }
    for (int k = 0; k < 2; k++) {
        ((two *)to)[k] += sum[k];
        ((two *)from)[k] -= sum[k];
    }
}

static void add_twelve(const int64_t *score, int32_t width, const int32_t *unit, int64_t n, int64_t *to, int64_t *from)
{
    two sum[6] = {{0}};
    for (int64_t i = 0; i < n; i++) {
        const two *row = (const two *)(score + (int64_t)unit[i] * width);
        sum[0] += row[0], sum[1] += row[1], sum[2] += row[2];
        sum[3] += row[3], sum[4] += row[4], sum[5] += row[5];
    }
    for (int k = 0; k < 6; k++) {
        ((two *)to)[k] += sum[k];
        ((two *)from)[k] -= sum[k];
    }
}

/* One column is one plain sum of whole numbers: their order is of no account, so neither is the shuffle's. */
static void add_rows(const tm_balance_rule *rule, const int32_t *unit, int64_t n, int64_t *to, int64_t *from)
{
    int32_t j = 0;
    for (; j + 12 <= rule->width; j += 12) add_twelve(rule->score + j, rule->width, unit, n, to + j, from + j);
    for (; j < rule->width; j += 4) add_four(rule->score + j, rule->width, unit, n, to + j, from + j);
}

static void sum_candidate(tm_balance_rule *rule, const tm_candidates *c)
{
    memset(rule->sum, 0, (size_t)c->n_groups * (size_t)rule->width * sizeof *rule->sum);
    for (int32_t s = 0; s < rule->n_strata; s++) {
        const int64_t *n = c->n_places + (int64_t)s * c->n_groups;
        const int32_t *unit = c->unit + c->places.start[s + 1];
        int64_t *rest = rule->sum + (int64_t)c->rest[s] * rule->width;
        for (int32_t j = 0; j < rule->width; j++) rest[j] += rule->total[(int64_t)s * rule->width + j];
        for (int32_t a = 0; a < c->n_groups; a++) {
            if (a == c->rest[s] || !n[a]) continue;
            unit -= n[a];
            add_rows(rule, unit, n[a], rule->sum + (int64_t)a * rule->width, rest);
        }
    }
}

static bool is_tier_balanced(const tm_balance_rule *rule, int32_t t, const int64_t *n_in)
{
    double m = 0;
    for (int32_t a = 0; a < rule->n_arms; a++) {
        double squares = 0;
        if (!n_in[a]) continue;
        for (int32_t j = t ? rule->tier_end[t - 1] : 0; j < rule->tier_end[t]; j++) {
            const double x = (double)rule->sum[(int64_t)a * rule->width + j] * score_unit;
            squares += x * x;
        }
        m += squares / (double)n_in[a];
    }
    return m <= rule->threshold[t];
}

static bool is_within_limit(const tm_balance_rule *rule, int32_t i, const int64_t *n_in)
{
    double least = INFINITY, most = -INFINITY;
    for (int32_t a = 0; a < rule->n_arms; a++) {
        if (!n_in[a]) continue;
        const int64_t sum = rule->sum[(int64_t)a * rule->width + rule->first_limit + i];
        const double mean = (double)sum * score_unit / (double)n_in[a];
        least = mean < least ? mean : least;
        most = mean > most ? mean : most;
    }
    return most - least <= rule->limit[i];
}

static bool passes(const tm_balance_rule *rule, const int64_t *n_in)
{
    for (int32_t t = 0; t < rule->n_tiers; t++)
        if (!is_tier_balanced(rule, t, n_in)) return false;
    for (int32_t i = 0; i < rule->n_limits; i++)
        if (!is_within_limit(rule, i, n_in)) return false;
    return true;
}

bool tm_balance_rule_passes(tm_balance_rule *rule, const tm_candidates *c)
{
    sum_candidate(rule, c);
    return passes(rule, c->n_in);
}

bool tm_balance_rule_passes_arms(tm_balance_rule *rule, const tm_design_units *units, const int32_t *arm)
{
    memset(rule->sum, 0, ((size_t)rule->n_arms + 1) * (size_t)rule->width * sizeof *rule->sum);
    memset(rule->n_in, 0, ((size_t)rule->n_arms + 1) * sizeof *rule->n_in);
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t a = arm[u] < 0 ? rule->n_arms : arm[u];
        rule->n_in[a]++;
        for (int32_t j = 0; j < rule->width; j++)
            rule->sum[(int64_t)a * rule->width + j] += rule->score[u * rule->width + j];
    }
    return passes(rule, rule->n_in);
}
