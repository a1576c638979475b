/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selection: are the clients of different workers alike at baseline, and do as many of each worker's stay? All workers
 * of an arm, and of a site where the plan names one, could have had each other's clients (worker_redraws.h); a
 * difference between arms is none between workers. Beside the p value by chi-square stands that of dealing the clients
 * again: (c + 1) / (R + 1), c of R redraws 1 … R being as unlike, ties within 1e-9 included; of attrition the exact one
 * where its tables are few. R is 999, or less where that would take more than 2e8 steps, but at least 99 or none.
 *
 * There is a row for all arms at once, and one for each where several have workers to compare. */
#include <math.h>

#include "checks/baseline_columns.h"
#include "checks/check_kind.h"
#include "checks/estimate_methods.h"
#include "checks/workers_alike.h"
#include "designs/worker_redraws.h"
#include "inference/estimate_cells.h"
#include "numeric/distributions.h"
#include "result/record.h"

enum { REDRAWS_MOST = 999, REDRAWS_LEAST = 99, COLUMNS_MOST = 300 };
static const double steps_most = 2e8, numbers_most = 5e7;

typedef struct selection {
    const temoin_assignment *assignment;
    tm_worker_redraws redraws;
    tm_alike_rows all; /* of the units, in every arm */
    int32_t *block;    /* [n_units] of the arms that are looked at */
    int32_t *worker;   /* [n_units] scratch */
    const char *arm;   /* "" all */
    const char *measure, *wave;
    temoin_provider_selection *rows;
    int64_t n_rows;
} selection;

static temoin_provider_selection *add_row(selection *s, const char *test)
{
    temoin_provider_selection *row = &s->rows[s->n_rows++];
    tm_record_clear(&tm_provider_selection_record, row);
    row->test = test;
    row->arm = s->arm;
    row->measure = s->measure;
    row->wave = s->wave;
    row->n_covariates = row->n_redraws = -1;
    row->note = "";
    return row;
}

/* arm -1: all of them. */
static void look_at(selection *s, int32_t arm)
{
    const temoin_trial *trial = s->assignment->trial;
    s->arm = arm < 0 ? "" : trial->plan->arms[arm].name;
    for (int64_t u = 0; u < trial->n_units; u++)
        s->block[u] = arm < 0 || s->assignment->arm[u] == arm ? s->redraws.block[u] : -1;
}

/* Either of the two tests. */
typedef struct comparison {
    tm_alike_test *alike; /* NULL: answers */
    tm_answers_test *answers;
    double steps;
} comparison;

static double run_test(const comparison *c, const int32_t *worker)
{
    return c->alike ? tm_alike_test_run(c->alike, worker) : tm_answers_test_run(c->answers, worker);
}

static temoin_status redraw(temoin_context *ctx, selection *s, const comparison *c, double least,
                            temoin_provider_selection *row)
{
    const int64_t n = (int64_t)fmin(REDRAWS_MOST, steps_most / fmax(1, c->steps));
    int64_t n_unlike = 0;
    if (n < REDRAWS_LEAST) {
        row->note = "too_slow";
        return TEMOIN_OK;
    }
    for (int64_t r = 1; r <= n; r++) {
        TM_TRY(tm_worker_redraws_draw(ctx, &s->redraws, r, s->worker));
        n_unlike += run_test(c, s->worker) >= least;
    }
    row->n_redraws = n;
    row->p_permuted = (double)(n_unlike + 1) / (double)(n + 1);
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, selection *s, const comparison *c, double df,
                            temoin_provider_selection *row)
{
    row->statistic = run_test(c, s->redraws.worker);
    row->df = df;
    row->p = tm_chi2_upper(row->statistic, df);
    const double least = row->statistic - 1e-9 * fmax(1, row->statistic);
    if (c->answers && !s->redraws.by_places) {
        TM_TRY(tm_answers_exact(ctx, c->answers, least, &row->p_permuted));
        if (!isnan(row->p_permuted)) {
            row->n_redraws = 0;
            return TEMOIN_OK;
        }
    }
    return redraw(ctx, s, c, least, row);
}

static temoin_status compare_baseline(temoin_context *ctx, selection *s)
{
    tm_alike_test test;
    tm_alike_rows rows = s->all;
    temoin_provider_selection *row = add_row(s, "baseline");
    rows.block = s->block;
    row->n_covariates = rows.n_x;
    TM_TRY(tm_alike_test_build(ctx, &rows, &test));
    row->n = test.n;
    row->n_providers = test.n_workers;
    if (test.n == 0)
        row->note = "single_worker";
    else if (test.rank == 0 || test.rank >= test.room)
        row->note = "too_few_units";
    if (row->note[0]) return TEMOIN_OK;
    const double n_units = (double)s->assignment->trial->n_units;
    const comparison c = {&test, NULL, n_units * (test.rank + 2)};
    return finish(ctx, s, &c, test.df, row);
}

static temoin_status compare_attrition(temoin_context *ctx, selection *s)
{
    tm_answers_test test;
    tm_alike_rows rows = s->all;
    temoin_provider_selection *row = add_row(s, "attrition");
    rows.block = s->block;
    TM_TRY(tm_answers_test_build(ctx, &rows, &test));
    row->n = test.n;
    row->n_providers = test.n_workers;
    if (test.n == 0) {
        row->note = "no_attrition";
        return TEMOIN_OK;
    }
    const comparison c = {NULL, &test, 3 * (double)s->assignment->trial->n_units};
    return finish(ctx, s, &c, test.df, row);
}

typedef temoin_status comparing(temoin_context *ctx, selection *s);

/* Whether an arm has workers to compare. */
static bool has_several(const selection *s, int32_t arm)
{
    int32_t first = -1;
    for (int64_t u = 0; u < s->assignment->trial->n_units; u++) {
        if (s->assignment->arm[u] != arm || s->redraws.block[u] < 0) continue;
        if (first >= 0 && s->redraws.worker[u] != first) return true;
        first = s->redraws.worker[u];
    }
    return false;
}

static temoin_status compare_arms(temoin_context *ctx, selection *s, comparing *compare)
{
    const int32_t n_arms = s->assignment->trial->n_arms;
    int32_t n = 0;
    for (int32_t a = 0; a < n_arms; a++) n += has_several(s, a);
    for (int32_t a = -1; a < n_arms; a++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        if (a >= 0 && (n < 2 || !has_several(s, a))) continue;
        look_at(s, a);
        TM_TRY(compare(ctx, s));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

static temoin_status run_baseline(temoin_context *ctx, selection *s)
{
    const temoin_trial *trial = s->assignment->trial;
    const char *const without[] = {trial->plan->providers.site};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t *group;
    double *x;
    tm_baseline_columns columns;
    TM_SCRATCH(ctx, group, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) group[u] = s->redraws.block[u] < 0 ? -1 : (int32_t)u;
    TM_TRY(tm_baseline_columns_build(ctx, trial, group, without, 1, &columns));
    s->measure = s->wave = "";
    if (columns.n_x == 0) return TEMOIN_OK;
    if (columns.n_x > COLUMNS_MOST || (double)trial->n_units * (double)columns.n_x > numbers_most) {
        look_at(s, -1);
        add_row(s, "baseline")->note = "too_large";
        return TEMOIN_OK;
    }
    TM_SCRATCH(ctx, x, trial->n_units * columns.n_x);
    tm_baseline_columns_add(&columns, columns.n_x, x);
    s->all.n_x = (int32_t)columns.n_x;
    s->all.x = x;
    TM_TRY(compare_arms(ctx, s, compare_baseline));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status run_attrition(temoin_context *ctx, selection *s, int32_t measure, int32_t wave)
{
    const temoin_trial *trial = s->assignment->trial;
    const double *value = tm_trial_value(trial, measure, wave);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *observed;
    TM_SCRATCH(ctx, observed, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) observed[u] = value && !isnan(value[u]);
    s->all.n_x = 1;
    s->all.x = observed;
    s->measure = trial->plan->measures[measure].name;
    s->wave = trial->wave[wave];
    TM_TRY(compare_arms(ctx, s, compare_attrition));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* wanted [n_measures * n_waves]: what the named effects are about. */
static temoin_status find_wanted(temoin_context *ctx, const temoin_trial *trial, bool *wanted)
{
    const tm_plan_providers *providers = &trial->plan->providers;
    tm_estimate_method *methods;
    TM_TRY(tm_estimate_methods_build(ctx, trial->plan, &methods));
    for (int32_t k = 0; k < providers->n_estimates; k++) {
        const tm_plan_estimate *estimate = &trial->plan->estimates[providers->estimates[k]];
        for (int32_t m = 0; m < estimate->n_measures; m++) {
            const tm_estimate_cell *cell;
            int32_t n;
            TM_TRY(tm_estimate_cells_list(ctx, trial, estimate, methods[providers->estimates[k]].estimator,
                                          estimate->measures[m], &cell, &n));
            for (int32_t c = 0; c < n; c++)
                for (int32_t w = 0; w < cell[c].waves.n; w++)
                    wanted[(int64_t)estimate->measures[m] * trial->n_waves + cell[c].waves.wave[w]] = true;
        }
    }
    return TEMOIN_OK;
}

static temoin_status prepare(temoin_context *ctx, selection *s, bool *wanted)
{
    const temoin_trial *trial = s->assignment->trial;
    int64_t n = 1;
    TM_TRY(find_wanted(ctx, trial, wanted));
    for (int64_t k = 0; k < (int64_t)trial->n_measures * trial->n_waves; k++) n += wanted[k];
    TM_ALLOC(ctx, s->rows, n * (1 + trial->n_arms));
    TM_TRY(tm_worker_redraws_build(ctx, s->assignment, &s->redraws));
    TM_SCRATCH(ctx, s->block, trial->n_units);
    TM_SCRATCH(ctx, s->worker, trial->n_units);
    s->all = (tm_alike_rows){.n = trial->n_units,
                             .n_blocks = s->redraws.n_blocks,
                             .n_workers = s->redraws.n_workers,
                             .worker = s->redraws.worker};
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    selection s = {.assignment = assignment};
    bool *wanted;
    int32_t n;
    if (trial->plan->providers.structure == TM_STRUCTURE_NONE || !tm_assignment_provider(assignment, &n) || n == 0)
        return TEMOIN_OK;
    TM_SCRATCH(ctx, wanted, (int64_t)trial->n_measures * trial->n_waves);
    TM_TRY(prepare(ctx, &s, wanted));
    TM_TRY(run_baseline(ctx, &s));
    for (int32_t m = 0; m < trial->n_measures; m++)
        for (int32_t w = 0; w < trial->n_waves; w++)
            if (wanted[(int64_t)m * trial->n_waves + w]) TM_TRY(run_attrition(ctx, &s, m, w));
    results->provider_selection = s.rows;
    results->n_provider_selection = s.n_rows;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_provider_selection = {
    .key = "provider_selection",
    .title_en = "are the clients of different caseworkers alike at baseline, and do as many stay",
    .title_fr = "les clients des différents intervenants se ressemblent-ils au départ, et restent-ils autant",
    .cites = "Hansen & Bowers 2008; Pearson 1900; p by dealing clients again",
    .run = run,
};
