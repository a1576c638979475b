/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/subgroup_tests.h"

#include <math.h>
#include <string.h>

#include "base/sink.h"
#include "numeric/distributions.h"

/* Of what must be the same up to rounding. */
static const double rounding = 1e-9;

void tm_welch_run(const double *value, const double *se, const double *df, int32_t n, tm_joint *out)
{
    double unit = INFINITY, total = 0, mean = 0, sum = 0, lambda = 0;
    const double square = (double)n * n - 1;
    for (int32_t l = 0; l < n; l++) unit = fmin(unit, se[l]);
    for (int32_t l = 0; l < n; l++) total += unit / se[l] * (unit / se[l]);
    for (int32_t l = 0; l < n; l++) mean += unit / se[l] * (unit / se[l]) / total * (value[l] - value[0]);
    for (int32_t l = 0; l < n; l++) {
        const double z = (value[l] - value[0] - mean) / se[l], left = 1 - unit / se[l] * (unit / se[l]) / total;
        sum += z * z;
        lambda += left * left / df[l];
    }
    out->df1 = n - 1;
    out->df2 = lambda > 0 ? square / (3 * lambda) : INFINITY;
    out->statistic = sum / (n - 1) / (1 + 2 * (n - 2.0) * lambda / square);
    out->p = tm_f_upper(out->statistic, out->df1, out->df2);
    out->refused = NULL;
}

/* Whether a cluster has rows at several levels of the column. */
static temoin_status share_clusters(temoin_context *ctx, const tm_sample *sample, const tm_subgroup *column, bool *out)
{
    int32_t *level; /* 1 + that of the cluster; 0: none is known */
    *out = false;
    if (!sample->cluster) return TEMOIN_OK;
    TM_SCRATCH(ctx, level, sample->n_clusters);
    for (int64_t i = 0; i < sample->n; i++) {
        const int32_t own = 1 + tm_subgroup_level(column, sample->unit[i]);
        int32_t *known = &level[sample->cluster[i]];
        if (own == 0) continue;
        *out = *out || (*known && *known != own);
        *known = own;
    }
    return TEMOIN_OK;
}

/* Why an effect cannot be compared; NULL: it can. A standard error under the hypothesis of no effect says nothing of
 * other effects; then there is no interval of this form. */
static const char *refuse(const temoin_row *row)
{
    if (isnan(row->value) || isnan(row->se) || !(row->se > 0)) return "joint_incomplete";
    const double half = -tm_student_quantile((1 - row->level) / 2, row->df) * row->se;
    const double near = rounding * fmax(fabs(row->value), half);
    const bool wald = fabs(row->statistic * row->se - row->value) <= near &&
                      fabs(row->ci_low - row->value + half) <= near && fabs(row->ci_high - row->value - half) <= near;
    return wald ? NULL : "joint_undefined";
}

/* The rows first, first + step, … of n levels. */
static temoin_status test_levels(temoin_context *ctx, const temoin_row *first, int32_t step, int32_t n,
                                 const char *refused, tm_joint *out)
{
    double *value, *se, *df;
    TM_SCRATCH(ctx, value, n);
    TM_SCRATCH(ctx, se, n);
    TM_SCRATCH(ctx, df, n);
    for (int32_t l = 0; l < n; l++) {
        const temoin_row *row = first + (int64_t)l * step;
        if (refuse(row)) refused = refuse(row);
        value[l] = row->value;
        se[l] = row->se;
        df[l] = row->df;
    }
    *out = (tm_joint){NAN, NAN, NAN, NAN, refused};
    if (!refused) tm_welch_run(value, se, df, n, out);
    return TEMOIN_OK;
}

/* Variances by the design's joint probabilities know pairs of clients, those of two levels among them. */
static temoin_status find_refusal(temoin_context *ctx, const tm_estimator *estimator, const tm_sample *sample,
                                  const tm_subgroup *column, const char **refused)
{
    bool shared;
    TM_TRY(share_clusters(ctx, sample, column, &shared));
    *refused = estimator->weighs_by_design ? "joint_undefined" : shared ? "subgroups_share_clusters" : NULL;
    return TEMOIN_OK;
}

static temoin_status test_column(temoin_context *ctx, const tm_estimator *estimator, const tm_estimate_cell *cell,
                                 int32_t n, int32_t n_effects, const tm_sample *sample, const temoin_row *rows,
                                 temoin_joint_test *out, int64_t *n_out)
{
    const char *test = tm_text(ctx, "subgroups: %s", cell->subgroup->column);
    const char *refused;
    if (!test) return tm_fail_memory(ctx);
    TM_TRY(find_refusal(ctx, estimator, sample, cell->subgroup, &refused));
    for (int32_t k = 0; k < n_effects; k++) {
        tm_joint joint;
        TM_TRY(test_levels(ctx, rows + k, n_effects, n, refused, &joint));
        out[(*n_out)++] = (temoin_joint_test){.estimate = rows[k].estimate,
                                              .measure = rows[k].measure,
                                              .wave = rows[k].wave,
                                              .subgroup = "",
                                              .test = test,
                                              .arm = rows[k].arm,
                                              .reference = rows[k].reference,
                                              .variance = rows[k].variance,
                                              .n_contrasts = n,
                                              .statistic = joint.statistic,
                                              .df1 = joint.df1,
                                              .df2 = joint.df2,
                                              .p = joint.p,
                                              .note = joint.refused ? joint.refused : ""};
    }
    return TEMOIN_OK;
}

temoin_status tm_subgroup_tests_run(temoin_context *ctx, const temoin_assignment *assignment,
                                    const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                    const tm_estimate_cell *cell, int32_t n_cells, const temoin_row *rows,
                                    temoin_joint_test *out, int64_t *n_out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t n_effects = cell->n_shown * estimate->n_contrasts;
    tm_sample everybody;
    tm_notes notes;
    if (n_cells < 2) return TEMOIN_OK;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, assignment, estimate, estimator, cell, &everybody, &notes));
    for (int32_t k = 1, n; k < n_cells; k += n) {
        for (n = 1; k + n < n_cells && strcmp(cell[k + n].subgroup->column, cell[k].subgroup->column) == 0; n++)
            continue;
        if (n > 1)
            TM_TRY(test_column(ctx, estimator, cell + k, n, n_effects, &everybody, rows + (int64_t)k * n_effects, out,
                               n_out));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
