/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a test that says 5 % reject a true null hypothesis in 5 % of trials? */
#include "campaign.h"

#include "numeric/distributions.h"
#include "numeric/elementary.h"

double campaign_uniform(tm_pcg64 *rng)
{
    return ((double)(tm_pcg64_next(rng) >> 11) + 0.5) * 0x1p-53;
}

double campaign_normal(tm_pcg64 *rng)
{
    return tm_normal_quantile(campaign_uniform(rng));
}

void campaign_shuffle(tm_pcg64 *rng, int32_t *x, int32_t n)
{
    for (int32_t k = n - 1; k > 0; k--) {
        const int32_t other = (int32_t)tm_pcg64_bounded(rng, (uint64_t)k + 1), kept = x[k];
        x[k] = x[other];
        x[other] = kept;
    }
}

static void *take(temoin_context *ctx, int64_t n, size_t size)
{
    void *data = tm_arena_take(&ctx->scratch, n, size);
    assert_non_null(data);
    return data;
}

/* The treatment does nothing on average but a lot to each: skewed outcomes without it, outcomes three times as spread
 * with it. Trials are samples of such clients, so that Neyman's variance is not conservative. */
static void draw_weak_null(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    const int32_t n = s->n_units;
    double *y = take(ctx, n, sizeof *y);
    int32_t *arm = take(ctx, n, sizeof *arm), *stratum = take(ctx, n, sizeof *stratum);
    for (int32_t i = 0; i < n; i++) {
        arm[i] = i < s->n_treated;
        stratum[i] = 0;
    }
    campaign_shuffle(rng, arm, n);
    for (int32_t i = 0; i < n; i++) y[i] = arm[i] ? 3 * campaign_normal(rng) : -tm_log(campaign_uniform(rng)) - 1;
    *out = (tm_sample){.n = n, .n_arms = 2, .n_strata = 1, .y = y, .arm = arm, .stratum = stratum};
}

/* Whole clusters are drawn; an effect of the cluster on all its members, none of the treatment. */
static void draw_clusters(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    const int32_t n = s->n_units, n_clusters = s->n_clusters;
    double *y = take(ctx, n, sizeof *y), *common = take(ctx, n_clusters, sizeof *common);
    int32_t *arm = take(ctx, n, sizeof *arm), *stratum = take(ctx, n, sizeof *stratum);
    int32_t *cluster = take(ctx, n, sizeof *cluster), *treated = take(ctx, n_clusters, sizeof *treated);
    for (int32_t g = 0; g < n_clusters; g++) {
        common[g] = sqrt(s->icc) * campaign_normal(rng);
        treated[g] = g < s->n_treated;
    }
    campaign_shuffle(rng, treated, n_clusters);
    for (int32_t i = 0; i < n; i++) {
        const int32_t g = cluster[i] = (int32_t)((int64_t)i * n_clusters / n);
        arm[i] = treated[g];
        stratum[i] = 0;
        y[i] = common[g] + sqrt(1 - s->icc) * campaign_normal(rng);
    }
    *out = (tm_sample){.n = n,
                       .n_arms = 2,
                       .n_strata = 1,
                       .n_clusters = n_clusters,
                       .y = y,
                       .arm = arm,
                       .stratum = stratum,
                       .cluster = cluster};
}

/* Half of each cluster's clients are treated: the effect varies between clusters, and is zero on average. */
static void draw_within(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    double *effect = take(ctx, s->n_clusters, sizeof *effect);
    draw_clusters(ctx, s, rng, out);
    double *y = take(ctx, out->n, sizeof *y);
    int32_t *arm = take(ctx, out->n, sizeof *arm);
    for (int32_t g = 0; g < s->n_clusters; g++) effect[g] = sqrt(s->icc) * campaign_normal(rng);
    for (int64_t i = 0; i < out->n; i++) {
        arm[i] = i % 2 == 0;
        y[i] = out->y[i] + arm[i] * effect[out->cluster[i]];
    }
    out->y = y;
    out->arm = arm;
}

static const campaign_method *const of_units[] = {&campaign_classical, &campaign_welch, &campaign_ri_difference,
                                                  &campaign_ri_studentized, NULL};
static const campaign_method *const of_clusters[] = {
    &campaign_hc2, &campaign_cr0,      &campaign_cr1s,          &campaign_cr2, &campaign_cv3,
    &campaign_wcr, &campaign_wcr_webb, &campaign_wcr_jackknife, &campaign_wcu, NULL};
static const campaign_method *const of_one_cluster[] = {&campaign_peer_cr1, &campaign_hc2, &campaign_cr0,
                                                        &campaign_cr1s,     &campaign_cr2, NULL};

static const campaign_scenario scenarios[] = {
    {"weak-null-60",
     "60 clients, 15 treated; no effect on average, but outcomes three times as spread with treatment; asymptotics are "
     "not there yet: the same test written in another language rejects in 5.45 % of 30,000 such trials",
     draw_weak_null, 60, 0, 15, 0, 0, 10000, of_units},
    {"weak-null-155", "155 clients, 40 treated, the same", draw_weak_null, 155, 0, 40, 0, 0, 10000, of_units},
    {"weak-null-600", "600 clients, 150 treated, the same", draw_weak_null, 600, 0, 150, 0, 0, 10000, of_units},
    {"clusters-6",
     "6 clusters of 20 clients, 3 treated; intraclass correlation .10; with 32 values of p, of which the smallest "
     "alone is below 5 %, the Rademacher bootstrap rejects in 5.29 % of such trials, whoever computes it (400,000 "
     "trials elsewhere)",
     draw_clusters, 120, 6, 3, 0.1, 0, 10000, of_clusters},
    {"clusters-12", "12 clusters of 12 or 13 clients, 6 treated; intraclass correlation .10", draw_clusters, 155, 12, 6,
     0.1, 0, 10000, of_clusters},
    {"clusters-28", "28 clusters of 5 or 6 clients, 14 treated; intraclass correlation .10", draw_clusters, 154, 28, 14,
     0.1, 0, 10000, of_clusters},
    {"within-6",
     "6 clusters of 20 clients, half of each treated; the effect varies between clusters; of its 32 values of p the "
     "Rademacher bootstrap can reject at 3.1 % only",
     draw_within, 120, 6, 3, 0.1, 0, 10000, of_clusters},
    {"within-12", "12 clusters of 12 clients, the same", draw_within, 144, 12, 6, 0.1, 0, 10000, of_clusters},
    {"within-28", "28 clusters of 6 clients, the same", draw_within, 168, 28, 14, 0.1, 0, 10000, of_clusters},
    {"few-treated", "12 clusters of 12 or 13 clients, 2 treated; intraclass correlation .10", draw_clusters, 155, 12, 2,
     0.1, 0, 10000, of_clusters},
    {"one-treated-cluster", "7 clusters of 16 clients, 1 treated; intraclass correlation .10", draw_clusters, 112, 7, 1,
     0.1, 0, 10000, of_one_cluster},
    {0},
};

const campaign_table campaign_size = {
    "size",
    "How often a true null hypothesis is rejected",
    "In none of these trials has the treatment an effect on average.",
    scenarios,
};
