/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "inference/intraclass_likelihood.h"
#include "numeric/elementary.h"

static const double sigma_most = 60;
static const double residual = M_PI * M_PI / 3; /* variance of the logistic distribution */

/* Workers who have as many clients and successes are one, counted `times`. */
typedef struct binomial_group {
    int32_t arm;
    double n, successes, times;
    double mode; /* of the integrand, where the last search ended */
} binomial_group;

typedef struct latent {
    int32_t n_arms, n_groups;
    binomial_group *group; /* [n_groups] by arm */
    double *beta;          /* [n_arms] where the last search ended */
    bool *varies;          /* [n_arms] */
} latent;

/* log ∫ and what its derivatives need: sums over u of the density ∝ exp(h). With r = s - n p(β + σu): */
typedef struct integral {
    double log;
    double score;       /* E r: by β */
    double information; /* E n p(1 - p) - Var r: minus the second derivative by β */
    double sigma_score; /* E u r: by σ */
} integral;

static double logistic(double eta)
{
    return 1 / (1 + tm_exp(-eta));
}

/* h(u) = s η - n log(1 + e^η) - u²/2, η = β + σ u */
static double exponent(const binomial_group *g, double eta, double u)
{
    const double softplus = eta > 0 ? eta + tm_log1p(tm_exp(-eta)) : tm_log1p(tm_exp(eta));
    return g->successes * eta - g->n * softplus - u * u / 2;
}

/* h'' <= -1, so that the mode lies between 0 and h'(0): Newton's steps, or halving where they leave what is left of
 * that. */
static double find_mode(const binomial_group *g, double beta, double sigma)
{
    const double slope = sigma * (g->successes - g->n * logistic(beta));
    double low = fmin(0, slope), high = fmax(0, slope), u = fmin(high, fmax(low, g->mode));
    for (int step = 0; step < 100; step++) {
        const double p = logistic(beta + sigma * u);
        const double first = sigma * (g->successes - g->n * p) - u, second = -1 - sigma * sigma * g->n * p * (1 - p);
        if (first > 0) low = u;
        if (first < 0) high = u;
        double next = u - first / second;
        if (!(next >= low && next <= high)) next = low + (high - low) / 2;
        if (fabs(next - u) <= 1e-9 * (1 + fabs(u))) return next;
        u = next;
    }
    return u;
}

typedef struct sums {
    double weight, r, rr, ur, npq;
} sums;

/* False: so far from the mode that nothing is added any more. */
static bool add_node(const binomial_group *g, double beta, double sigma, double u, double top, sums *s)
{
    const double eta = beta + sigma * u, e = tm_exp(-fabs(eta)), p = (eta > 0 ? 1 : e) / (1 + e);
    const double softplus = fmax(eta, 0) + tm_log1p(e), r = g->successes - g->n * p;
    const double weight = tm_exp(g->successes * eta - g->n * softplus - u * u / 2 - top);
    s->weight += weight;
    s->r += weight * r;
    s->rr += weight * r * r;
    s->ur += weight * u * r;
    s->npq += weight * g->n * p * (1 - p);
    return weight > 1e-17;
}

static integral integrate(binomial_group *g, double beta, double sigma)
{
    const double mode = g->mode = find_mode(g, beta, sigma), p = logistic(beta + sigma * mode);
    const double scale = 1 / sqrt(1 + sigma * sigma * g->n * p * (1 - p));
    /* poles of the logistic function lie π / σ from the real axis: the rule's error is exp(-2π²/(σ step)) */
    const double step = fmin(0.7 * scale, sigma > 0 ? 0.54 / sigma : 1);
    const double top = exponent(g, beta + sigma * mode, mode);
    sums s = {0};
    add_node(g, beta, sigma, mode, top, &s);
    for (int k = 1; add_node(g, beta, sigma, mode + k * step, top, &s);) k++;
    for (int k = 1; add_node(g, beta, sigma, mode - k * step, top, &s);) k++;
    const double r = s.r / s.weight;
    return (integral){.log = top + tm_log(s.weight * step * M_2_SQRTPI * M_SQRT1_2 / 2),
                      .score = r,
                      .information = s.npq / s.weight - (s.rr / s.weight - r * r),
                      .sigma_score = s.ur / s.weight};
}

static integral sum_arm(latent *l, int32_t arm, double beta, double sigma)
{
    integral all = {0};
    for (int32_t k = 0; k < l->n_groups; k++) {
        binomial_group *g = &l->group[k];
        if (g->arm != arm) continue;
        const integral one = integrate(g, beta, sigma);
        all.log += g->times * one.log;
        all.score += g->times * one.score;
        all.information += g->times * one.information;
        all.sigma_score += g->times * one.sigma_score;
    }
    return all;
}

/* The largest log-likelihood of an arm at σ: Newton's steps in β, halved while they lose. */
static integral climb(latent *l, int32_t arm, double sigma)
{
    double beta = l->beta[arm];
    integral here = sum_arm(l, arm, beta, sigma);
    for (int step = 0; step < 60 && fabs(here.score) > 1e-11 * (1 + fabs(here.information)); step++) {
        double move = here.score / fmax(here.information, 1e-8);
        integral there = sum_arm(l, arm, beta + move, sigma);
        for (int half = 0; half < 30 && there.log < here.log - 1e-12 * fabs(here.log); half++) {
            move /= 2;
            there = sum_arm(l, arm, beta + move, sigma);
        }
        beta += move;
        here = there;
        if (fabs(move) < 1e-12 * (1 + fabs(beta))) break;
    }
    l->beta[arm] = beta;
    return here;
}

/* Profile log-likelihood and its derivative by σ, which is the partial one. */
static double profile_at(latent *l, double sigma, double *slope)
{
    double log_likelihood = 0;
    *slope = 0;
    for (int32_t a = 0; a < l->n_arms; a++) {
        if (!l->varies[a]) continue;
        const integral all = climb(l, a, sigma);
        log_likelihood += all.log;
        *slope += all.sigma_score;
    }
    return log_likelihood;
}

/* Half the derivative by σ² at σ = 0: Σ (s - n p)² - n p (1 - p). */
static double curvature_at_zero(latent *l)
{
    double slope, sum = 0;
    profile_at(l, 0, &slope);
    for (int32_t k = 0; k < l->n_groups; k++) {
        const binomial_group *g = &l->group[k];
        if (!l->varies[g->arm]) continue;
        const double p = logistic(l->beta[g->arm]), r = g->successes - g->n * p;
        sum += g->times * (r * r - g->n * p * (1 - p));
    }
    return sum;
}

/* Where the derivative turns from positive to negative: by secants that keep both sides (the Illinois rule), by halving
 * where there is none, or they stall. At σ = 0 itself it is zero. */
static double find_root(latent *l, double low, double high)
{
    double rising, falling, slope;
    int side = 0;
    profile_at(l, low, &rising);
    profile_at(l, high, &falling);
    for (int step = 0; high - low > 1e-10 * high && high > 1e-7; step++) {
        const bool secant = low > 0 && rising > 0 && falling < 0 && step % 4 != 3;
        const double x = secant ? low + (high - low) * rising / (rising - falling) : low + (high - low) / 2;
        profile_at(l, x, &slope);
        if (fabs(slope) < 1e-12) return x;
        if (slope > 0)
            low = x, rising = slope, falling /= side > 0 ? 2 : 1, side = 1;
        else
            high = x, falling = slope, rising /= side < 0 ? 2 : 1, side = -1;
    }
    return high > 1e-7 ? high : 0;
}

/* Between the neighbours of the best place of a grid the derivative changes its sign. NAN: beyond sigma_most. */
static double find_sigma(latent *l)
{
    enum { GRID = 16 };
    double slope, best = profile_at(l, 0, &slope), low = 0, high = 0, previous = 0;
    for (int k = 0; k < GRID; k++) {
        const double sigma = sigma_most * tm_exp(-0.6 * (GRID - 1 - k)), value = profile_at(l, sigma, &slope);
        if (value > best) best = value, low = previous, high = 0;
        if (value < best && high == 0) high = sigma;
        previous = sigma;
    }
    if (high == 0) return NAN;
    if (low == 0 && curvature_at_zero(l) <= 0) {
        profile_at(l, high / 2, &slope);
        if (slope <= 0) return 0;
    }
    return find_root(l, low, high);
}

static double sigma_of(double icc)
{
    return sqrt(residual * icc / (1 - icc));
}

static temoin_status criterion_at(temoin_context *ctx, const tm_profile *profile, double icc, double *value)
{
    latent *const *l = profile->data;
    double slope;
    (void)ctx;
    *value = -2 * profile_at(*l, sigma_of(icc), &slope);
    return TEMOIN_OK;
}

static int same(const binomial_group *a, const binomial_group *b)
{
    return a->arm == b->arm && a->n == b->n && a->successes == b->successes;
}

static temoin_status count(temoin_context *ctx, const tm_sample *sample, const tm_worker_groups *groups, latent *l)
{
    double *successes;
    TM_SCRATCH(ctx, successes, groups->n_groups);
    TM_SCRATCH(ctx, l->group, groups->n_groups);
    TM_SCRATCH(ctx, l->beta, groups->n_arms);
    TM_SCRATCH(ctx, l->varies, groups->n_arms);
    l->n_arms = groups->n_arms;
    for (int64_t i = 0; i < sample->n; i++) successes[groups->group[i]] += sample->y[i];
    for (int32_t g = 0; g < groups->n_groups; g++) {
        const binomial_group new = {groups->arm[g], groups->n[g], successes[g], 1, 0};
        int32_t k = l->n_groups;
        while (k > 0 && !same(&l->group[k - 1], &new)) k--;
        if (k > 0)
            l->group[k - 1].times++;
        else
            l->group[l->n_groups++] = new;
        l->beta[groups->arm[g]] += successes[g];
    }
    for (int32_t a = 0; a < l->n_arms; a++) {
        const double share = l->beta[a] / groups->arm_n[a];
        l->varies[a] = share > 0 && share < 1;
        l->beta[a] = l->varies[a] ? tm_log(share / (1 - share)) : 0;
    }
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_sample *sample, const tm_worker_groups *groups, double level,
                         tm_intraclass_likelihood *out)
{
    latent l = {0}, *at = &l;
    double slope;
    TM_TRY(count(ctx, sample, groups, &l));
    const double sigma = find_sigma(&l);
    if (isnan(sigma)) {
        out->refused = "not_converged";
        return TEMOIN_OK;
    }
    out->between = sigma * sigma;
    out->within = residual;
    out->icc = out->between / (out->between + residual);
    out->at_zero = sigma == 0;
    out->criterion = -2 * profile_at(&l, sigma, &slope);
    const tm_profile profile = {criterion_at, &at, out->icc, out->criterion,
                                sigma_most * sigma_most / (sigma_most * sigma_most + residual)};
    return tm_profile_finish(ctx, &profile, level, out);
}

static const char *refuse(const tm_sample *sample, const tm_worker_groups *groups)
{
    tm_one_way table;
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->y[i] != 0 && sample->y[i] != 1) return "outcome_not_binary";
    tm_one_way_init(groups, &table);
    return tm_intraclass_refuses(groups, &table);
}

temoin_status tm_intraclass_latent_run(temoin_context *ctx, const tm_sample *sample, const tm_worker_groups *groups,
                                       double level, tm_intraclass_likelihood *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    *out = (tm_intraclass_likelihood){.refused = refuse(sample, groups),
                                      .icc = NAN,
                                      .between = NAN,
                                      .within = NAN,
                                      .criterion = NAN,
                                      .interval = {NAN, NAN},
                                      .p = NAN};
    if (!out->refused) TM_TRY(run(ctx, sample, groups, level, out));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
