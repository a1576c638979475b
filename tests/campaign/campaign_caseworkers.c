/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers who were not drawn, and differ: does an interval that says 95 % hold the truth in 95 % of trials? */
#include "campaign.h"

#include "inference/effects.h"
#include "inference/recommended_method.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

static const double contrast[] = {-1, 1};

static void *take(temoin_context *ctx, int64_t n, size_t size)
{
    void *data = tm_arena_take(&ctx->scratch, n, size);
    assert_non_null(data);
    return data;
}

/* Each client comes to a worker by chance; a worker's chance is proportional to a number between a half and one and a
 * half. Drawn again while somebody has fewer than two clients. */
static void draw_caseloads(temoin_context *ctx, tm_pcg64 *rng, int32_t n, int32_t n_workers, int32_t *worker)
{
    double *chance = take(ctx, n_workers, sizeof *chance);
    int32_t *size = take(ctx, n_workers, sizeof *size), least;
    do {
        double whole = 0;
        for (int32_t g = 0; g < n_workers; g++) whole += chance[g] = 0.5 + campaign_uniform(rng);
        memset(size, 0, (size_t)n_workers * sizeof *size);
        for (int32_t i = 0; i < n; i++) {
            double left = whole * campaign_uniform(rng);
            int32_t g = 0;
            while (g < n_workers - 1 && left > chance[g]) left -= chance[g++];
            worker[i] = g;
            size[g]++;
        }
        least = n;
        for (int32_t g = 0; g < n_workers; g++) least = size[g] < least ? size[g] : least;
    } while (least < 2);
}

/* Half of the units in each arm, `n_treated` workers in arm 1 and n_clusters - n_treated in arm 0; none there: clients
 * of nobody. */
static void draw_workers(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    const int32_t n = s->n_units, half = n / 2, others = s->n_clusters - s->n_treated;
    int32_t *arm = take(ctx, n, sizeof *arm), *stratum = take(ctx, n, sizeof *stratum);
    int32_t *cluster = take(ctx, n, sizeof *cluster);
    draw_caseloads(ctx, rng, half, s->n_treated, cluster);
    if (others) draw_caseloads(ctx, rng, n - half, others, cluster + half);
    for (int32_t i = 0; i < n; i++) {
        arm[i] = i < half;
        if (i >= half) cluster[i] = s->n_treated + (others ? cluster[i] : i - half);
    }
    *out = (tm_sample){.n = n,
                       .n_arms = 2,
                       .n_strata = 1,
                       .arm = arm,
                       .stratum = stratum,
                       .cluster = cluster,
                       .n_clusters = s->n_treated + (others ? others : n - half)};
}

static bool has_worker(const campaign_scenario *s, int32_t arm)
{
    return arm || s->n_clusters > s->n_treated;
}

static void draw_normal(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    draw_workers(ctx, s, rng, out);
    double *y = take(ctx, out->n, sizeof *y), *own = take(ctx, out->n_clusters, sizeof *own);
    for (int32_t g = 0; g < out->n_clusters; g++) own[g] = sqrt(s->icc) * campaign_normal(rng);
    for (int64_t i = 0; i < out->n; i++)
        y[i] = sqrt(1 - s->icc) * campaign_normal(rng) + (has_worker(s, out->arm[i]) ? own[out->cluster[i]] : 0);
    out->y = y;
}

/* A fifth of the clients have the event; a worker's share of them has a beta distribution with variance ICC × .2 × .8.
 */
static void draw_binary(temoin_context *ctx, const campaign_scenario *s, tm_pcg64 *rng, tm_sample *out)
{
    draw_workers(ctx, s, rng, out);
    const double share = 0.2, size = 1 / s->icc - 1;
    double *y = take(ctx, out->n, sizeof *y), *own = take(ctx, out->n_clusters, sizeof *own);
    for (int32_t g = 0; g < out->n_clusters; g++) {
        const double u = campaign_uniform(rng);
        own[g] = s->icc > 0 ? tm_beta_quantile(u, share * size, (1 - share) * size) : share;
    }
    for (int64_t i = 0; i < out->n; i++)
        y[i] = campaign_uniform(rng) < (has_worker(s, out->arm[i]) ? own[out->cluster[i]] : share);
    out->y = y;
}

static void run_keys(temoin_context *ctx, const tm_sample *sample, const char *estimator, const char *variance,
                     campaign_answer *answer)
{
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, sample, tm_estimator_find(estimator), tm_variance_find(variance), contrast, 1,
                                 0.95, &e));
    *answer = (campaign_answer){e.p, e.ci_low, e.ci_high};
}

static void run_own(temoin_context *ctx, const campaign_method *method, const tm_sample *sample, int64_t replication,
                    campaign_answer *answer)
{
    (void)replication;
    run_keys(ctx, sample, method->estimator, method->variance, answer);
}

/* The clients of nobody as one cluster. */
static void run_pseudo(temoin_context *ctx, const campaign_method *method, const tm_sample *sample, int64_t replication,
                       campaign_answer *answer)
{
    tm_sample other = *sample;
    int32_t *cluster = take(ctx, sample->n, sizeof *cluster);
    other.n_clusters = 0;
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->arm[i] && sample->cluster[i] >= other.n_clusters) other.n_clusters = sample->cluster[i] + 1;
    for (int64_t i = 0; i < sample->n; i++) cluster[i] = sample->arm[i] ? sample->cluster[i] : other.n_clusters;
    other.n_clusters++;
    other.cluster = cluster;
    campaign_peer_cr1.run(ctx, method, &other, replication, answer);
}

static void run_recommended(temoin_context *ctx, const campaign_method *method, const tm_sample *sample,
                            int64_t replication, campaign_answer *answer)
{
    (void)replication;
    int64_t served = 0;
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->arm[i] && sample->cluster[i] >= served) served = sample->cluster[i] + 1;
    const int64_t others = sample->n_clusters - served, most = served > others ? served : others;
    const tm_structure structure = strcmp(method->key, "one_arm") == 0 ? TM_STRUCTURE_ONE_ARM : TM_STRUCTURE_NESTED;
    const tm_recommended m = tm_recommended_method(structure, sample->n_clusters - most, most);
    run_keys(ctx, sample, m.estimator, m.variance, answer);
}

#define PLAIN(variable, title, estimator, variance)                                                                    \
    static const campaign_method variable = {title, run_own, estimator, variance, NULL, 0}

PLAIN(cr1, "CR1", "ols", "cr1");
PLAIN(cr2_working, "CR2, working covariance", "ols", "cr2_working");
PLAIN(cr3, "CR3", "ols", "cr3");
PLAIN(welch, "means of workers, Welch", "worker_means", "welch");
PLAIN(student, "means of workers, Student", "worker_means", "student");
PLAIN(partial_kr, "partially nested, Kenward-Roger", "partially_nested", "kenward_roger");
PLAIN(partial_own, "partially nested, Satterthwaite", "partially_nested", "model_satterthwaite");
PLAIN(partial_z, "partially nested, Wald z, as others print it", "partially_nested_common", "model_wald_z");
PLAIN(common_kr, "the same, one residual variance, Kenward-Roger", "partially_nested_common", "kenward_roger");
PLAIN(mixed_kr, "random intercepts, Kenward-Roger", "mixed", "kenward_roger");
PLAIN(mixed_own, "random intercepts, Satterthwaite", "mixed", "model_satterthwaite");
PLAIN(mixed_z, "random intercepts, Wald z, as others print it", "mixed", "model_wald_z");
static const campaign_method pseudo = {
    "other arm as one cluster, CR1, as others print it", run_pseudo, NULL, NULL, NULL, 0};
static const campaign_method nested_best = {"**recommended**", run_recommended, NULL, NULL, "nested", 0};
static const campaign_method one_arm_best = {"**recommended**", run_recommended, NULL, NULL, "one_arm", 0};

static const campaign_method *const one_arm[] = {
    &campaign_hc2, &cr1,        &campaign_cr2, &cr2_working, &cr3,    &campaign_wcr_2000, &student, &welch,
    &partial_own,  &partial_kr, &common_kr,    &partial_z,   &pseudo, &one_arm_best,      NULL};
static const campaign_method *const nested[] = {
    &campaign_hc2, &cr1,      &campaign_cr2, &cr2_working, &cr3, &campaign_wcr_2000, &student, &welch,
    &mixed_own,    &mixed_kr, &mixed_z,      &nested_best, NULL};

#define ONE_ARM(name, icc, draw, what)                                                                                 \
    {                                                                                                                  \
        name, what, draw, 112, 5, 5, icc, 0, 10000, one_arm                                                            \
    }
#define NESTED(name, workers, icc, draw, what)                                                                         \
    {                                                                                                                  \
        name, what, draw, 154, 2 * (workers), workers, icc, 0, 10000, nested                                           \
    }
#define FOUR(name, workers, what)                                                                                      \
    NESTED(name "-0", workers, 0, draw_normal, what),                                                                  \
        NESTED(name "-05", workers, 0.05, draw_normal, "the same; intraclass correlation .05"),                        \
        NESTED(name "-10", workers, 0.1, draw_normal, "the same; .10"),                                                \
        NESTED(name "-20", workers, 0.2, draw_normal, "the same; .20")

static const campaign_scenario scenarios[] = {
    ONE_ARM("one-arm-5-0", 0, draw_normal,
            "56 clients with 5 workers, 56 with none; workers do not differ (intraclass correlation 0)"),
    ONE_ARM("one-arm-5-05", 0.05, draw_normal, "the same; intraclass correlation .05"),
    ONE_ARM("one-arm-5-10", 0.1, draw_normal, "the same; .10"),
    ONE_ARM("one-arm-5-20", 0.2, draw_normal, "the same; .20"),
    FOUR("nested-2", 2, "77 clients in each arm, with 2 workers in each; intraclass correlation 0"),
    FOUR("nested-3", 3, "the same with 3 workers in each arm; intraclass correlation 0"),
    FOUR("nested-5", 5, "the same with 5 workers in each arm; intraclass correlation 0"),
    FOUR("nested-8", 8, "the same with 8 workers in each arm; intraclass correlation 0"),
    {"nested-3-8-0", "77 clients with 3 workers in one arm, 77 with 8 in the other; intraclass correlation 0",
     draw_normal, 154, 11, 3, 0, 0, 10000, nested},
    {"nested-3-8-20", "the same; .20", draw_normal, 154, 11, 3, 0.2, 0, 10000, nested},
    {"nested-2-8-20", "77 clients with 2 workers in one arm, 77 with 8 in the other; .20", draw_normal, 154, 10, 2, 0.2,
     0, 10000, nested},
    ONE_ARM("binary-one-arm-5-0", 0, draw_binary,
            "56 clients with 5 workers, 56 with none; a fifth has the event; intraclass correlation 0"),
    ONE_ARM("binary-one-arm-5-05", 0.05, draw_binary, "the same; intraclass correlation .05"),
    ONE_ARM("binary-one-arm-5-10", 0.1, draw_binary, "the same; .10"),
    ONE_ARM("binary-one-arm-5-20", 0.2, draw_binary, "the same; .20"),
    NESTED("binary-nested-3-05", 3, 0.05, draw_binary,
           "77 clients with 3 workers in each arm, a fifth has the event; intraclass correlation .05"),
    NESTED("binary-nested-3-20", 3, 0.2, draw_binary, "the same; .20"),
    NESTED("binary-nested-8-05", 8, 0.05, draw_binary, "the same with 8 workers in each arm; .05"),
    NESTED("binary-nested-8-20", 8, 0.2, draw_binary, "the same; .20"),
    {0},
};

const campaign_table campaign_caseworkers = {
    "caseworkers",
    "Whether intervals hold the truth where caseworkers differ",
    "The treatment has no effect. Caseloads are drawn anew in each trial: a worker's chance of a client is "
    "proportional "
    "to a number between a half and one and a half. Recommended are, with workers in one arm, or more than one and a "
    "half times as many in one as in the other, least squares with CR2 and a working covariance, else Student's test "
    "of "
    "workers' means.",
    scenarios,
};
