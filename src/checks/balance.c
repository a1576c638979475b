/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "checks/characteristics.h"
#include "checks/check_kind.h"

static double value_of(const tm_characteristic *c, int64_t u)
{
    return tm_characteristic_misses(c, u) ? NAN : tm_characteristic_value(c, u);
}

static double variance_of(const temoin_baseline_row *row, bool share)
{
    return share ? row->mean * (1 - row->mean) : row->sd * row->sd;
}

static void summarize(const temoin_assignment *assignment, const tm_characteristic *c, int32_t arm,
                      temoin_baseline_row *row)
{
    double sum = 0, square = 0;
    *row =
        (temoin_baseline_row){.variable = c->name, .level = c->level, .label = {c->label.en, c->label.fr}, .arm = arm};
    for (int64_t u = 0; u < assignment->trial->n_units; u++) {
        if (assignment->arm[u] != arm) continue;
        double x = value_of(c, u);
        row->missing += isnan(x);
        row->n += !isnan(x);
        if (!isnan(x)) sum += x;
    }
    row->mean = row->n ? sum / (double)row->n : NAN;
    for (int64_t u = 0; u < assignment->trial->n_units; u++) {
        double x = assignment->arm[u] == arm ? value_of(c, u) : NAN;
        if (!isnan(x)) square += (x - row->mean) * (x - row->mean);
    }
    row->sd = c->share || row->n < 2 ? NAN : sqrt(square / (double)(row->n - 1));
    row->smd = row->variance_ratio = row->z = row->p = NAN;
}

static void add_rows(const temoin_assignment *assignment, const tm_characteristic *c, temoin_baseline_row *rows,
                     temoin_results *results)
{
    temoin_baseline_row *reference = &rows[results->n_baseline];
    for (int32_t a = 0; a < assignment->trial->n_arms; a++) {
        temoin_baseline_row *row = &rows[results->n_baseline++];
        summarize(assignment, c, a, row);
        double spread = (variance_of(row, c->share) + variance_of(reference, c->share)) / 2;
        if (a > 0 && spread > 0) row->smd = (row->mean - reference->mean) / sqrt(spread);
        if (a > 0 && reference->sd > 0) row->variance_ratio = row->sd * row->sd / (reference->sd * reference->sd);
    }
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_characteristic *list;
    temoin_baseline_row *rows;
    int64_t n;
    TM_TRY(tm_characteristics_build(ctx, trial, &list, &n));
    TM_ALLOC(ctx, rows, n * trial->n_arms);
    for (int64_t c = 0; c < n; c++) add_rows(assignment, &list[c], rows, results);
    results->baseline = rows;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_balance = {
    .key = "balance",
    .title_en = "characteristics at baseline by arm, standardized differences, variance ratios",
    .title_fr = "caractéristiques au départ par groupe, différences standardisées, rapports de variance",
    .cites = "Imbens & Rubin 2015, eq. 14.1; Austin 2009 for shares and variance ratios",
    .run = run,
};
