/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random samples, tame for comparing numbers and nasty on purpose. */
#ifndef TM_TEST_RANDSAMPLE_H
#define TM_TEST_RANDSAMPLE_H

#include "check.h"
#include "moments/sample.h"

enum { RAND_ROWS = 120, RAND_COVARIATES = 4, RAND_ARMS = 3, RAND_SITES = 5 };

typedef enum rand_feature {
    RAND_WEIGHTS = 1,           /* within a factor of ten */
    RAND_WIDE_WEIGHTS = 2,      /* over six magnitudes */
    RAND_UNIT_STRATA = 4,       /* a stratum for each of the first rows */
    RAND_EMPTY_ARM = 8,         /* nobody in the last arm */
    RAND_GIANT_CLUSTER = 16,    /* most rows are in one cluster */
    RAND_CONSTANT = 32,         /* the outcome */
    RAND_RARE = 64,             /* one client has 1, all others 0 */
    RAND_TWIN = 128,            /* the last covariate is another one times two plus three */
    RAND_LARGE_COVARIATE = 256, /* times 1e9 */
    RAND_OFFSET = 512,          /* a covariate around 1e6 */
    RAND_BIG = 1024,            /* the outcome around 1e150 */
    RAND_ARM_CONSTANT = 2048,   /* a covariate that does not vary in the first arm */
    RAND_NESTED = 4096,         /* clusters within arms */
    RAND_PERFECT = 8192,        /* the outcome is a sum of the arm and a covariate */
} rand_feature;

typedef struct rand_sample {
    tm_sample sample;
    int features;
    double y[RAND_ROWS], weight[RAND_ROWS], received[RAND_ROWS], x[RAND_COVARIATES][RAND_ROWS];
    int32_t arm[RAND_ROWS], stratum[RAND_ROWS], cluster[RAND_ROWS], site[RAND_ROWS];
    const double *covariate[RAND_COVARIATES];
    const char *name[RAND_COVARIATES];
} rand_sample;

static inline uint64_t rand_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline double rand_uniform(uint64_t *state)
{
    return ((double)(rand_next(state) >> 11) + 0.5) * 0x1p-53;
}

static inline int32_t rand_below(uint64_t *state, int32_t n)
{
    return (int32_t)(rand_next(state) % (uint64_t)n);
}

static inline double rand_normal(uint64_t *state)
{
    double u = rand_uniform(state), v = rand_uniform(state);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

static inline void rand_set_views(rand_sample *r)
{
    static const char *const names[RAND_COVARIATES] = {"x0", "x1", "x2", "x3"};
    for (int j = 0; j < RAND_COVARIATES; j++) {
        r->covariate[j] = r->x[j];
        r->name[j] = names[j];
    }
    r->sample.y = r->y;
    r->sample.weight = r->features & (RAND_WEIGHTS | RAND_WIDE_WEIGHTS) ? r->weight : NULL;
    r->sample.arm = r->arm;
    r->sample.stratum = r->stratum;
    r->sample.cluster = r->cluster;
    r->sample.site = r->site;
    r->sample.received = r->received;
    r->sample.covariate = r->covariate;
    r->sample.covariate_name = r->name;
    r->sample.quantile = 0.381966; /* no share of clients, at which other values would do as well */
    r->sample.quantile_type = 2;
}

/* Clusters numbered without gaps, as samples are built. */
static inline void rand_number_clusters(rand_sample *r)
{
    int32_t number[RAND_ROWS];
    for (int i = 0; i < RAND_ROWS; i++) number[i] = -1;
    r->sample.n_clusters = 0;
    for (int64_t i = 0; i < r->sample.n; i++) {
        if (number[r->cluster[i]] < 0) number[r->cluster[i]] = r->sample.n_clusters++;
        r->cluster[i] = number[r->cluster[i]];
    }
}

static inline void rand_draw_groups(uint64_t *state, rand_sample *r)
{
    int32_t n = (int32_t)r->sample.n, n_arms = r->sample.n_arms,
            drawn = r->features & RAND_EMPTY_ARM ? n_arms - 1 : n_arms;
    int32_t n_clusters = 4 + rand_below(state, n / 2);
    for (int32_t i = 0; i < n; i++) {
        r->arm[i] = i < drawn ? i : rand_below(state, drawn);
        r->stratum[i] = rand_below(state, r->sample.n_strata);
        if (r->features & RAND_UNIT_STRATA && i < r->sample.n_strata) r->stratum[i] = i;
        if (r->features & RAND_UNIT_STRATA && i >= r->sample.n_strata) r->stratum[i] = r->sample.n_strata - 1;
        r->cluster[i] = rand_below(state, n_clusters);
        if (r->features & RAND_GIANT_CLUSTER && rand_below(state, 5)) r->cluster[i] = 0;
        if (r->features & RAND_NESTED) r->cluster[i] = r->cluster[i] / n_arms * n_arms + r->arm[i];
        if (r->cluster[i] >= RAND_ROWS) r->cluster[i] -= n_arms;
        r->weight[i] =
            r->features & RAND_WIDE_WEIGHTS ? pow(10, 6 * rand_uniform(state) - 3) : 0.3 + 3 * rand_uniform(state);
    }
    rand_number_clusters(r);
    r->sample.n_sites = RAND_SITES;
    for (int32_t i = 0; i < n; i++) r->site[i] = r->cluster[i] % RAND_SITES;
}

static inline void rand_draw_numbers(uint64_t *state, rand_sample *r)
{
    int32_t k = r->sample.n_covariates, last = k - 1;
    int64_t once = rand_below(state, (int32_t)r->sample.n);
    for (int64_t i = 0; i < r->sample.n; i++) {
        for (int32_t j = 0; j < k; j++) r->x[j][i] = j % 2 ? rand_below(state, 3) : rand_normal(state);
        if (k && r->features & RAND_ARM_CONSTANT && r->arm[i] == 0) r->x[0][i] = 0.25;
        if (k > 1 && r->features & RAND_TWIN) r->x[last][i] = 2 * r->x[0][i] + 3;
        if (k && r->features & RAND_OFFSET) r->x[0][i] += 1e6;
        if (k && r->features & RAND_LARGE_COVARIATE) r->x[last][i] *= 1e9;
        double y = rand_normal(state) * (1 + r->arm[i]) + 0.4 * r->arm[i] + 0.1 * r->cluster[i] + r->stratum[i];
        if (k) y += 0.3 * (r->x[k > 1][i] - 1);
        if (r->features & RAND_RARE) y = i == once;
        if (r->features & RAND_PERFECT) y = r->arm[i] + (k ? 0.5 * r->x[0][i] : 0);
        if (r->features & RAND_BIG) y *= 1e150;
        r->y[i] = r->features & RAND_CONSTANT ? 17.3 : y;
        r->received[i] = (i * 7919 + 13) % 11 < 1 + 8 * r->arm[i]; /* more with every arm, but not all and not none */
    }
}

/* features: those that may be there; each is, one time in four. */
static inline void rand_sample_draw(uint64_t *state, int features, int32_t most_rows, rand_sample *r)
{
    memset(r, 0, sizeof *r);
    for (int bit = 1; bit <= RAND_PERFECT; bit *= 2)
        if (features & bit && rand_below(state, 4) == 0) r->features |= bit;
    r->sample.n = 14 + rand_below(state, most_rows - 13);
    r->sample.n_arms = 2 + rand_below(state, RAND_ARMS - 1);
    r->sample.n_strata = 1 + rand_below(state, 6);
    r->sample.n_covariates = rand_below(state, RAND_COVARIATES + 1);
    rand_set_views(r);
    rand_draw_groups(state, r);
    rand_draw_numbers(state, r);
}

#endif
