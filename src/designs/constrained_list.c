/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/constrained_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"
#include "designs/candidates.h"
#include "designs/clusters.h"
#include "designs/covariate_axes.h"
#include "numeric/elementary.h"

static const double score_unit = 0x1p-24;
static const int64_t candidates_default = 100000;
static const double fraction_default = 0.1;
static const double bytes_most = 0x1p31;
enum { TRIES_PER_CANDIDATE = 20, ARMS_MOST = INT16_MAX };

/* A cluster's covariate is the mean of its units. */
static temoin_status average_covariates(temoin_context *ctx, const tm_design_units *units, tm_design_units *groups)
{
    const double **mean;
    int64_t *size;
    TM_SCRATCH(ctx, mean, units->n_covariates);
    TM_SCRATCH(ctx, size, groups->n_units);
    for (int64_t u = 0; u < units->n_units; u++) size[units->cluster[u]]++;
    for (int32_t j = 0; j < units->n_covariates; j++) {
        double *x;
        TM_SCRATCH(ctx, x, groups->n_units);
        for (int64_t u = 0; u < units->n_units; u++)
            x[units->cluster[u]] += units->covariate[j][u] / (double)size[units->cluster[u]];
        mean[j] = x;
    }
    groups->n_covariates = units->n_covariates;
    groups->covariate = mean;
    groups->covariate_name = units->covariate_name;
    return TEMOIN_OK;
}

static temoin_status find_groups(temoin_context *ctx, const tm_design_units *units, tm_constrained_list *list)
{
    list->groups = *units;
    list->group = units->cluster;
    if (units->n_arms > ARMS_MOST)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: kind \"constrained\" takes at most 32767 arms");
    if (!units->cluster) return TEMOIN_OK;
    TM_TRY(tm_clusters_build(ctx, units, &list->groups));
    return average_covariates(ctx, units, &list->groups);
}

/* Collects allocations as they are visited. */
typedef struct collector {
    tm_constrained_list *list;
    int64_t n_most;
    int64_t *table; /* [n_table] open addressing: index of an allocation + 1; 0: empty */
    uint64_t n_table;
} collector;

static uint64_t hash_of(const int16_t *arm, int64_t n)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (int64_t u = 0; u < n; u++) hash = (hash ^ (uint64_t)(uint16_t)arm[u]) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}

/* Adds the allocation unless it is there already. */
static void collect(collector *c, const int32_t *arm)
{
    tm_constrained_list *list = c->list;
    const int64_t n = list->groups.n_units;
    int16_t *copy = list->arm + list->n_listed * n;
    for (int64_t u = 0; u < n; u++) copy[u] = (int16_t)arm[u];
    uint64_t at = hash_of(copy, n) & (c->n_table - 1);
    for (; c->table[at]; at = (at + 1) & (c->n_table - 1))
        if (memcmp(list->arm + (c->table[at] - 1) * n, copy, (size_t)n * sizeof *copy) == 0) return;
    c->table[at] = ++list->n_listed;
}

static bool visit(void *data, const int32_t *arm, double probability)
{
    collector *c = data;
    (void)probability;
    if (c->list->n_listed < c->n_most) collect(c, arm);
    return true;
}

/* The set of candidates is fixed with the trial: redraws choose among the same. */
static temoin_status draw_candidates(temoin_context *ctx, collector *c)
{
    tm_candidates candidates;
    int32_t *arm;
    TM_SCRATCH(ctx, arm, c->list->groups.n_units);
    TM_TRY(tm_candidates_build(ctx, &c->list->groups, &candidates));
    for (int64_t k = 0; k < TRIES_PER_CANDIDATE * c->n_most && c->list->n_listed < c->n_most; k++) {
        TM_TRY(tm_candidates_draw(ctx, &candidates, 0, k));
        tm_candidates_deal(&candidates, arm);
        collect(c, arm);
    }
    return TEMOIN_OK;
}

/* What is kept of a candidate: its arms, its score, and its places in the table and in what is sorted. */
static temoin_status check_size(temoin_context *ctx, const tm_design_units *groups, int64_t n_candidates)
{
    const double bytes = sizeof(int16_t) * (double)groups->n_units + 96;
    if (bytes * (double)n_candidates <= bytes_most) return TEMOIN_OK;
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "design: candidates: %lld allocations of %lld units take more than 2 GiB of memory; ask for at most %lld",
            (long long)n_candidates, (long long)groups->n_units, (long long)(bytes_most / bytes));
}

static temoin_status collect_all(temoin_context *ctx, tm_constrained_list *list)
{
    const tm_plan_options *options = list->groups.options;
    double log_count;
    collector c = {.list = list, .n_table = 1};
    c.n_most = options && options->candidates > 0 ? options->candidates : candidates_default;
    TM_TRY(tm_places_count(ctx, &list->groups, &log_count));
    list->all = log_count <= tm_log((double)c.n_most) + 1e-9;
    if (list->all) c.n_most = llround(tm_exp(log_count));
    TM_TRY(check_size(ctx, &list->groups, c.n_most));
    while (c.n_table < 2 * (uint64_t)c.n_most) c.n_table *= 2;
    TM_SCRATCH(ctx, c.table, (int64_t)c.n_table);
    TM_SCRATCH(ctx, list->arm, (c.n_most + 1) * list->groups.n_units);
    return list->all ? tm_places_enumerate(ctx, &list->groups, visit, &c) : draw_candidates(ctx, &c);
}

/* Standardized covariates in whole multiples of 2^-24, row after row. */
static temoin_status standardize(temoin_context *ctx, const tm_design_units *groups, int64_t **out)
{
    double **x;
    int64_t *score;
    const int64_t n = groups->n_units;
    const int32_t p = groups->n_covariates;
    TM_TRY(tm_covariates_centre(ctx, groups, false, &x));
    TM_SCRATCH(ctx, score, n * p);
    for (int32_t j = 0; j < p; j++) {
        double squares = 0;
        for (int64_t u = 0; u < n; u++) squares += x[j][u] * x[j][u];
        const double deviation = sqrt(squares / (double)(n - 1));
        for (int64_t u = 0; u < n; u++) score[u * p + j] = (int64_t)floor(x[j][u] / deviation / score_unit + 0.5);
    }
    *out = score;
    return TEMOIN_OK;
}

typedef struct scorer {
    const tm_design_units *groups;
    const int64_t *score;
    int64_t *sum, *n_in; /* [n_arms * n_covariates], [n_arms] */
} scorer;

/* Sum over pairs of arms and over covariates of squared differences in means. In single precision, so that allocations
 * that differ by the names of arms only tie, however the sum was rounded. */
static float balance_of(const scorer *s, const int16_t *arm)
{
    const int32_t p = s->groups->n_covariates, n_arms = s->groups->n_arms;
    double balance = 0;
    memset(s->sum, 0, (size_t)n_arms * (size_t)p * sizeof *s->sum);
    memset(s->n_in, 0, (size_t)n_arms * sizeof *s->n_in);
    for (int64_t u = 0; u < s->groups->n_units; u++) {
        if (arm[u] < 0) continue;
        s->n_in[arm[u]]++;
        for (int32_t j = 0; j < p; j++) s->sum[arm[u] * p + j] += s->score[u * p + j];
    }
    for (int32_t a = 0; a < n_arms; a++)
        for (int32_t b = a + 1; b < n_arms; b++)
            for (int32_t j = 0; j < p && s->n_in[a] && s->n_in[b]; j++) {
                const double mean_a = (double)s->sum[a * p + j] * score_unit / (double)s->n_in[a];
                const double mean_b = (double)s->sum[b * p + j] * score_unit / (double)s->n_in[b];
                balance += (mean_a - mean_b) * (mean_a - mean_b);
            }
    return (float)balance;
}

static int in_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

typedef struct ranked {
    const int16_t *arm;
    int64_t n, index;
} ranked;

/* No two are alike. */
static int in_order_of_arms(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    int64_t u = 0;
    while (u < x->n - 1 && x->arm[u] == y->arm[u]) u++;
    return (x->arm[u] > y->arm[u]) - (x->arm[u] < y->arm[u]);
}

static temoin_status allow_best(temoin_context *ctx, tm_constrained_list *list, const float *balance, double fraction)
{
    float *sorted;
    ranked *best;
    TM_SCRATCH(ctx, sorted, list->n_listed);
    TM_SCRATCH(ctx, best, list->n_listed);
    TM_SCRATCH(ctx, list->allowed, list->n_listed);
    memcpy(sorted, balance, (size_t)list->n_listed * sizeof *sorted);
    qsort(sorted, (size_t)list->n_listed, sizeof *sorted, in_size);
    const double rank = ceil(fraction * (double)list->n_listed * (1 - 1e-12));
    const float worst = sorted[rank > 1 ? (int64_t)rank - 1 : 0];
    for (int64_t i = 0; i < list->n_listed; i++)
        if (balance[i] <= worst)
            best[list->n_allowed++] = (ranked){list->arm + i * list->groups.n_units, list->groups.n_units, i};
    qsort(best, (size_t)list->n_allowed, sizeof *best, in_order_of_arms);
    for (int64_t i = 0; i < list->n_allowed; i++) list->allowed[i] = best[i].index;
    return TEMOIN_OK;
}

temoin_status tm_constrained_list_build(temoin_context *ctx, const tm_design_units *units, tm_constrained_list *list)
{
    scorer s;
    int64_t *score = NULL;
    float *balance;
    const tm_plan_options *options = units->options;
    *list = (tm_constrained_list){.n_listed = 0};
    const double fraction = options && !isnan(options->fraction) ? options->fraction : fraction_default;
    if (!(fraction > 0 && fraction <= 1))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: \"fraction\" must be a number above 0 and at most 1");
    TM_TRY(find_groups(ctx, units, list));
    TM_TRY(standardize(ctx, &list->groups, &score));
    TM_TRY(collect_all(ctx, list));
    s = (scorer){.groups = &list->groups, .score = score};
    TM_SCRATCH(ctx, s.sum, (int64_t)units->n_arms * units->n_covariates);
    TM_SCRATCH(ctx, s.n_in, units->n_arms);
    TM_SCRATCH(ctx, balance, list->n_listed);
    for (int64_t i = 0; i < list->n_listed; i++) balance[i] = balance_of(&s, list->arm + i * list->groups.n_units);
    return allow_best(ctx, list, balance, fraction);
}

/* Whether units u and v are alike in every (same), or unlike in every, allocation of [0, n); index NULL: all in turn.
 */
static bool is_bound(const tm_constrained_list *list, const int64_t *index, int64_t n, int64_t u, int64_t v, bool same)
{
    for (int64_t i = 0; i < n; i++) {
        const int16_t *arm = list->arm + (index ? index[i] : i) * list->groups.n_units;
        if ((arm[u] == arm[v]) != same) return false;
    }
    return true;
}

static bool is_bound_by_choice(const tm_constrained_list *list, int64_t u, int64_t v, bool same)
{
    return is_bound(list, list->allowed, list->n_allowed, u, v, same) &&
           !is_bound(list, NULL, list->n_listed, u, v, same);
}

static temoin_status validate(temoin_context *ctx, const tm_design_units *units, tm_constrained_validity *validity)
{
    tm_constrained_list list;
    TM_TRY(tm_constrained_list_build(ctx, units, &list));
    *validity = (tm_constrained_validity){.all = list.all, .n_listed = list.n_listed, .n_allowed = list.n_allowed};
    for (int64_t u = 0; u < list.groups.n_units; u++)
        for (int64_t v = u + 1; v < list.groups.n_units; v++) {
            const char *const pair[] = {list.groups.id[u], list.groups.id[v]};
            if (is_bound_by_choice(&list, u, v, true)) {
                if (validity->n_together++ == 0) memcpy(validity->together, pair, sizeof pair);
            } else if (is_bound_by_choice(&list, u, v, false)) {
                if (validity->n_apart++ == 0) memcpy(validity->apart, pair, sizeof pair);
            }
        }
    return TEMOIN_OK;
}

temoin_status tm_constrained_validate(temoin_context *ctx, const tm_design_units *units,
                                      tm_constrained_validity *validity)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = validate(ctx, units, validity);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static void say_pairs(tm_sink *sink, int64_t n, const char *const pair[2], const char *how)
{
    if (n == 0) return;
    if (sink->length) tm_sink_put(sink, "; ");
    tm_sink_printf(sink, "\"%s\" and \"%s\"", pair[0], pair[1]);
    if (n > 1) tm_sink_printf(sink, " and %lld other pair%s", (long long)n - 1, n > 2 ? "s" : "");
    tm_sink_printf(sink, " %s get the same arm", how);
}

temoin_status tm_constrained_warning(temoin_context *ctx, const tm_constrained_validity *validity, const char **text)
{
    tm_sink sink;
    *text = NULL;
    if (validity->n_allowed >= TM_CONSTRAINED_FEWEST && !validity->n_together && !validity->n_apart) return TEMOIN_OK;
    tm_sink_init(&sink, ctx);
    if (validity->n_allowed < TM_CONSTRAINED_FEWEST)
        tm_sink_printf(&sink,
                       "only %lld of %lld allocations are allowed, so that not even a one-sided randomization test can "
                       "reach p = 0.05",
                       (long long)validity->n_allowed, (long long)validity->n_listed);
    say_pairs(&sink, validity->n_together, validity->together, "always");
    say_pairs(&sink, validity->n_apart, validity->apart, "never");
    tm_sink_put(&sink, "; raise design.fraction, or balance on fewer covariates");
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text;
    return TEMOIN_OK;
}
