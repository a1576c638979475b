/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers in samples too small for large-sample formulas: means of clusters. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

static struct {
    int means;
} compared;

/* The reference counts clusters, not clients. */
static bool compare_means(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const golden_formula formula = {0};
    golden_sample s;
    const char *why;
    tm_effect e;
    if (strncmp(r->estimator, "cluster_means_", 14) != 0) return false;
    if (!golden_sample_build(ctx, data, r, &formula, &(golden_options){.two_arms = true}, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find("worker_means"), tm_variance_find(r->estimator + 14),
                                 s.arm_weight, 1, r->level, &e));
    golden_compare(t, data, r, "estimate", e.value, r->estimate, 0);
    golden_compare(t, data, r, "n", (double)e.n_clusters, r->n, 0);
    golden_compare(t, data, r, "se", e.se, r->se, 0);
    golden_compare(t, data, r, "df", e.df, r->df, 0);
    golden_compare(t, data, r, "t", e.statistic, r->t, 0);
    golden_compare(t, data, r, "p", e.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", e.ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", e.ci_high, r->ci_high, 0);
    t->results++;
    compared.means++;
    return true;
}

bool compare_partial(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    return compare_means(ctx, t, data, r);
}

bool compare_partial_is_whole(void)
{
    return compared.means >= 3;
}
