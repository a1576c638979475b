/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One test of balance, judged by the design that drew the trial.
 *
 * Covariates are all characteristics but the clusters and pairs themselves (baseline_columns.h). Clusters enter with
 * the sums of their units, and their size is one covariate more, as in Hansen & Bowers.
 *
 * The p value by redraws is (c + 1) / (R + 1), c of R redraws 1 … R being as unlike as the trial, ties within 1e-9
 * included. R is 999, or less where that would take more than 1e9 steps (a step is a covariate of a unit, of which at
 * least five are reckoned with, or a unit of a candidate), but at least 99 or none. */
#include <math.h>
#include <string.h>

#include "checks/baseline_columns.h"
#include "checks/check_kind.h"
#include "checks/omnibus_statistic.h"
#include "designs/redraws.h"
#include "numeric/distributions.h"

enum { REDRAWS_MOST = 999, REDRAWS_LEAST = 99, DIMENSIONS_MOST = 300 };
static const double steps_most = 1e9, numbers_most = 5e7;

typedef struct comparison {
    tm_redraws redraws;
    tm_baseline_columns columns;
    int64_t n_x;
    double *x; /* [n_groups * n_x] */
    tm_omnibus_test test;
    int32_t *arm; /* [n_groups] */
} comparison;

/* Clusters and pairs themselves are left out. */
static temoin_status choose(temoin_context *ctx, comparison *c)
{
    const temoin_trial *trial = c->redraws.assignment->trial;
    const char *const without[] = {trial->plan->design.options.cluster, trial->plan->design.options.pair};
    TM_TRY(tm_baseline_columns_build(ctx, trial, c->redraws.group, without, 2, &c->columns));
    c->n_x = c->columns.n_x + (c->redraws.units.cluster != NULL);
    return TEMOIN_OK;
}

static temoin_status fill(temoin_context *ctx, comparison *c)
{
    const int64_t n_units = c->redraws.assignment->trial->n_units;
    const int32_t *group = c->redraws.group;
    TM_SCRATCH(ctx, c->x, c->redraws.n_groups * c->n_x);
    TM_SCRATCH(ctx, c->arm, c->redraws.n_groups);
    tm_baseline_columns_add(&c->columns, c->n_x, c->x);
    for (int64_t u = 0; c->redraws.units.cluster && u < n_units; u++)
        if (group[u] >= 0) c->x[group[u] * c->n_x + c->columns.n_x] += 1;
    const tm_omnibus_rows rows = {c->redraws.n_groups, c->redraws.n_blocks, c->redraws.assignment->trial->n_arms,
                                  (int32_t)c->n_x,     c->redraws.block,    c->x};
    return tm_omnibus_test_build(ctx, &rows, &c->test);
}

static int64_t redraws_for(const comparison *c)
{
    const double n_d = c->test.n_d, units = (double)c->redraws.assignment->trial->n_units;
    const double steps = fmax(fmax(c->redraws.work, units * fmax(5, (double)c->n_x)), n_d * n_d * n_d / 4);
    const int64_t n = (int64_t)fmin(REDRAWS_MOST, steps_most / steps);
    return n < REDRAWS_LEAST ? 0 : n;
}

static temoin_status redraw(temoin_context *ctx, comparison *c, temoin_omnibus *out)
{
    const double least = out->statistic - 1e-9 * fmax(1, out->statistic);
    int64_t n_unlike = 0;
    out->n_redraws = c->redraws.known ? redraws_for(c) : 0;
    if (!c->redraws.known)
        out->note = "no_redraw";
    else if (out->n_redraws == 0)
        out->note = "too_slow";
    if (out->n_redraws == 0) return TEMOIN_OK;
    for (int64_t r = 1; r <= out->n_redraws; r++) {
        TM_TRY(tm_redraws_draw(ctx, &c->redraws, r, c->arm));
        n_unlike += tm_omnibus_test_run(&c->test, c->arm) >= least;
    }
    out->p_redrawn = (double)(n_unlike + 1) / (double)(out->n_redraws + 1);
    return TEMOIN_OK;
}

static void set_z(const comparison *c, temoin_baseline_row *rows, int64_t n_rows, const tm_characteristic *one,
                  int32_t j)
{
    for (int64_t r = 0; r < n_rows; r++) {
        if (rows[r].arm == 0 || strcmp(rows[r].variable, one->name) != 0 || strcmp(rows[r].level, one->level) != 0)
            continue;
        rows[r].z = tm_omnibus_z(&c->test, c->arm, rows[r].arm, j);
        rows[r].p = tm_student_p_two_sided(rows[r].z, INFINITY);
    }
}

/* Each characteristic by itself, where whole clusters were drawn by their sums. The arms are the trial's own. */
static temoin_status add_z(temoin_context *ctx, const comparison *c, temoin_results *results)
{
    temoin_baseline_row *rows;
    int32_t j = 0;
    TM_ALLOC(ctx, rows, results->n_baseline);
    for (int64_t r = 0; r < results->n_baseline; r++) rows[r] = results->baseline[r];
    for (int64_t i = 0; i < c->columns.n_list; i++) {
        set_z(c, rows, results->n_baseline, &c->columns.list[i], j);
        j += 1 + c->columns.misses[i];
    }
    results->baseline = rows;
    return TEMOIN_OK;
}

static temoin_status compare(temoin_context *ctx, comparison *c, temoin_results *results, temoin_omnibus *out)
{
    const double n_units = (double)c->redraws.assignment->trial->n_units, arms = c->redraws.assignment->trial->n_arms;
    *out =
        (temoin_omnibus){.statistic = NAN, .df = NAN, .p = NAN, .p_redrawn = NAN, .n_covariates = c->n_x, .note = ""};
    if (c->redraws.split)
        out->note = "split_clusters";
    else if (n_units * (double)c->n_x > numbers_most || (arms - 1) * (double)c->n_x > DIMENSIONS_MOST)
        out->note = "too_large";
    if (out->note[0]) return TEMOIN_OK;
    TM_TRY(fill(ctx, c));
    TM_TRY(tm_redraws_draw(ctx, &c->redraws, 0, c->arm));
    for (int64_t g = 0; g < c->redraws.n_groups; g++) out->n += c->arm[g] >= 0;
    const double statistic = tm_omnibus_test_run(&c->test, c->arm);
    TM_TRY(add_z(ctx, c, results));
    if (c->test.rank == 0 && c->test.room > 0) c->n_x = out->n_covariates = 0; /* nothing differs but blocks */
    if (c->n_x == 0) return TEMOIN_OK;
    if (c->test.rank == 0 || c->test.rank >= c->test.room) {
        out->note = "too_few_units";
        return TEMOIN_OK;
    }
    out->statistic = statistic;
    out->df = c->test.rank;
    out->p = tm_chi2_upper(statistic, out->df);
    return redraw(ctx, c, out);
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    comparison c = {0};
    temoin_omnibus *omnibus;
    TM_ALLOC(ctx, omnibus, 1);
    TM_TRY(tm_redraws_build(ctx, assignment, &c.redraws));
    TM_TRY(choose(ctx, &c));
    results->omnibus = omnibus;
    if (c.columns.n_list > 0) TM_TRY(compare(ctx, &c, results, omnibus));
    results->n_omnibus = omnibus->n_covariates > 0;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_omnibus = {
    .key = "omnibus",
    .title_en = "are the arms more unlike at baseline than the draw makes them, all characteristics at once",
    .title_fr = "les groupes diffèrent-ils au départ plus que le tirage ne le fait, toutes caractéristiques ensemble",
    .cites = "Hansen & Bowers 2008; p by redraws of the design",
    .run = run,
};
