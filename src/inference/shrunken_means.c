/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/shrunken_means.h"

#include <math.h>

#include "numeric/distributions.h"

/* Of an arm: τ is the eigenvalue of the covariance matrix that belongs to a worker's mean. */
typedef struct arm_sums {
    double weight, mean; /* W and μ */
    double t2[3];        /* Σ x_i x_j / τ², x = m for σ_b² and 1 for σ²: both, mixed, neither */
    double t3[3];        /* the same over τ³, times m */
    double first[2];     /* Σ m x / τ² */
} arm_sums;

/* Information matrix ½ tr(P D_i P D_j) of (σ_b², σ²): P takes the arms' means out. */
typedef struct information {
    double bb, be, ee;
} information;

static void add_group(double m, double mean, double tau, arm_sums *s)
{
    const double x[] = {m * m, m, 1};
    s->weight += m / tau;
    s->mean += m / tau * mean;
    for (int k = 0; k < 3; k++) {
        s->t2[k] += x[k] / (tau * tau);
        s->t3[k] += m * x[k] / (tau * tau * tau);
    }
    s->first[0] += m * m / (tau * tau);
    s->first[1] += m / (tau * tau);
}

static double traced(const arm_sums *s, int k, double first, double second)
{
    return (s->t2[k] - 2 * s->t3[k] / s->weight + first * second / (s->weight * s->weight)) / 2;
}

/* Var(σ² σ̂_b² - σ_b² σ̂²) */
static double spread_of(const information *i, double between, double within)
{
    const double determinant = i->bb * i->ee - i->be * i->be;
    return (within * within * i->ee + 2 * within * between * i->be + between * between * i->bb) / determinant;
}

typedef struct prediction {
    double between, within, spread, z;
} prediction;

static temoin_status sum_arms(temoin_context *ctx, const tm_worker_groups *groups, prediction *p, arm_sums **out)
{
    information all = {0};
    arm_sums *arms = NULL;
    double n = 0;
    TM_SCRATCH(ctx, arms, groups->n_arms);
    for (int32_t g = 0; g < groups->n_groups; g++) {
        const double m = groups->n[g];
        add_group(m, groups->mean[g], p->within + m * p->between, &arms[groups->arm[g]]);
        n += m;
    }
    all.ee = (n - groups->n_groups) / (2 * p->within * p->within);
    for (int32_t a = 0; a < groups->n_arms; a++) {
        all.bb += traced(&arms[a], 0, arms[a].first[0], arms[a].first[0]);
        all.be += traced(&arms[a], 1, arms[a].first[0], arms[a].first[1]);
        all.ee += traced(&arms[a], 2, arms[a].first[1], arms[a].first[1]);
    }
    p->spread = spread_of(&all, p->between, p->within);
    *out = arms;
    return TEMOIN_OK;
}

static tm_shrunken_mean predict(const tm_worker_groups *groups, int32_t g, const arm_sums *arm, const prediction *p)
{
    const double m = groups->n[g], tau = p->within + m * p->between, k = m * p->between / tau;
    const double mu = arm->mean / arm->weight, arm_mean = groups->arm_mean[groups->arm[g]];
    const double shrunken = arm_mean + mu + k * (groups->mean[g] - mu);
    const double variance = k * p->within / m + (1 - k) * (1 - k) / arm->weight + 2 * m / (tau * tau * tau) * p->spread;
    const double reach = p->z * sqrt(variance), unit = groups->unit;
    return (tm_shrunken_mean){
        unit * groups->plain_mean[g], unit * shrunken, {unit * (shrunken - reach), unit * (shrunken + reach)}};
}

temoin_status tm_shrunken_means_run(temoin_context *ctx, const tm_worker_groups *groups, double between, double within,
                                    double level, tm_shrunken_mean *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double unit = groups->unit;
    prediction p = {between / unit / unit, within / unit / unit, NAN, tm_normal_quantile((1 + level) / 2)};
    arm_sums *arms = NULL;
    TM_TRY(sum_arms(ctx, groups, &p, &arms));
    for (int32_t g = 0; g < groups->n_groups; g++) out[g] = predict(groups, g, &arms[groups->arm[g]], &p);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
