/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intraclass correlations of clients by cluster. */
#include "golden_tally.h"
#include "inference/intraclass_likelihood.h"

static struct {
    int anova, smith, reml;
} compared;

typedef struct icc_sample {
    tm_sample sample;
    double *y;
    int32_t *arm, *cluster;
} icc_sample;

/* All clients are in one arm: the reference's models know no arms. */
static icc_sample build(temoin_context *ctx, const golden_data *data, const golden_result *r)
{
    const int64_t n = data->clients->n_rows;
    const temoin_column *cluster = temoin_frame_find(data->clients, r->cluster);
    const double *y = golden_values(ctx, data, r->outcome, r->wave);
    icc_sample s = {.y = golden_take(ctx, n, sizeof *s.y),
                    .arm = golden_take(ctx, n, sizeof *s.arm),
                    .cluster = golden_take(ctx, n, sizeof *s.cluster)};
    int64_t kept = 0;
    assert_non_null(y);
    for (int64_t u = 0; u < n; u++) {
        if (isnan(y[u]) || cluster->code[u] < 0 || !golden_keeps(data, r, u)) continue;
        s.y[kept] = y[u];
        s.cluster[kept++] = cluster->code[u];
    }
    s.sample = (tm_sample){.n = kept,
                           .n_arms = 1,
                           .n_strata = 1,
                           .n_clusters = cluster->n_levels,
                           .y = s.y,
                           .arm = s.arm,
                           .stratum = s.arm,
                           .cluster = s.cluster};
    return s;
}

static double extra(const golden_result *r, const char *name)
{
    return json_number_value(json_object_get(r->extra, name));
}

static void compare_anova(golden_tally *t, const golden_data *data, const golden_result *r,
                          const tm_worker_groups *groups)
{
    tm_one_way table;
    tm_intraclass_anova icc;
    const double unit = groups->unit * groups->unit;
    tm_one_way_init(groups, &table);
    tm_intraclass_anova_run(groups, &table, r->level, &icc);
    golden_compare(t, data, r, "icc", icc.icc, r->estimate, 0);
    golden_compare(t, data, r, "n", table.n, r->n, 0);
    if (strcmp(r->estimator, "anova_smith") == 0) {
        compared.smith++;
        golden_compare(t, data, r, "ci_low", icc.smith.low, r->ci_low, 0);
        golden_compare(t, data, r, "ci_high", icc.smith.high, r->ci_high, 0);
        return;
    }
    compared.anova++;
    golden_compare(t, data, r, "df", table.df_between, r->df, 0);
    golden_compare(t, data, r, "F", icc.f, r->t, 0);
    golden_compare(t, data, r, "p", icc.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", icc.searle.low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", icc.searle.high, r->ci_high, 0);
    golden_compare(t, data, r, "n_clusters", table.n_groups, extra(r, "n_clusters"), 0);
    golden_compare(t, data, r, "n0", table.n0, extra(r, "n0"), 0);
    golden_compare(t, data, r, "msb", table.ms_between * unit, extra(r, "msb"), 0);
    golden_compare(t, data, r, "msw", table.ms_within * unit, extra(r, "msw"), 0);
    golden_compare(t, data, r, "df1", table.df_between, extra(r, "df1"), 0);
    golden_compare(t, data, r, "df2", table.df_within, extra(r, "df2"), 0);
    /* theirs is cut off at zero, and their design effect is that of equal caseloads */
    golden_compare(t, data, r, "var_between", fmax(0, icc.between), extra(r, "var_between"), 0);
    const tm_one_way equal = {.weighted = table.n / table.n_groups};
    golden_compare(t, data, r, "design_effect", tm_design_effect(&equal, icc.icc), extra(r, "design_effect_mean_size"),
                   0);
}

/* Their interval of the profile is not in the files. */
static void compare_reml(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                         const tm_worker_groups *groups)
{
    tm_intraclass_likelihood icc;
    const double total = groups->unit * groups->unit; /* of a component that is zero only up to rounding there */
    check_ok(ctx, tm_intraclass_reml_run(ctx, groups, r->level, &icc));
    compared.reml++;
    golden_compare(t, data, r, "icc", icc.icc, r->estimate, 1e-8);
    golden_compare(t, data, r, "n_clusters", groups->n_groups, extra(r, "n_clusters"), 0);
    golden_compare(t, data, r, "var_cluster", icc.between, extra(r, "var_cluster"), 1e-8 * total);
    golden_compare(t, data, r, "var_residual", icc.within, extra(r, "var_residual"), 0);
    golden_compare(t, data, r, "reml_criterion", icc.criterion, extra(r, "reml_criterion"), 0);
    golden_compare(t, data, r, "singular", icc.at_zero, json_is_true(json_object_get(r->extra, "singular")), 0);
}

bool compare_icc(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    tm_worker_groups groups;
    if (strcmp(r->family, "icc") != 0) return false;
    const icc_sample s = build(ctx, data, r);
    check_ok(ctx, tm_worker_groups_build(ctx, &s.sample, &groups));
    if (strcmp(r->estimator, "reml") == 0)
        compare_reml(ctx, t, data, r, &groups);
    else
        compare_anova(t, data, r, &groups);
    t->results++;
    return true;
}

bool compare_icc_is_whole(void)
{
    return compared.anova == 15 && compared.smith == 14 && compared.reml == 15;
}
