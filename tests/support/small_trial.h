/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials small enough to look at from all sides, and a generator of nasty ones. */
#ifndef TM_TEST_SMALL_TRIAL_H
#define TM_TEST_SMALL_TRIAL_H

#include "check.h"

#include "designs/design_kind.h"

enum { MOST_STRATA = 400, MOST_ARMS = 8, MOST_UNITS = 4000 };

typedef struct small_trial {
    tm_design_units units;
    int32_t stratum[MOST_UNITS];
    char text[MOST_STRATA][24];
    const char *stratum_text[MOST_STRATA];
    int64_t shares[MOST_STRATA * MOST_ARMS], size[MOST_STRATA];
    char id_text[MOST_UNITS][16];
    const char *id[MOST_UNITS];
    int32_t level[2][MOST_UNITS], n_levels[2];
    const int32_t *factor[2];
    int32_t cluster[MOST_UNITS];
    char cluster_name[MOST_UNITS][16];
    const char *cluster_text[MOST_UNITS];
    double covariate_value[2][MOST_UNITS];
    const double *covariate[2];
    const char *covariate_name[2];
    tm_plan_options options;
    int32_t arm[MOST_UNITS];
} small_trial;

/* Ids in their order, and two factors that do not follow it. */
static inline void name_units(small_trial *t)
{
    for (int64_t u = 0; u < t->units.n_units; u++) {
        snprintf(t->id_text[u], sizeof t->id_text[u], "u%04d", (int)u);
        t->id[u] = t->id_text[u];
        t->level[0][u] = (int32_t)(u * u % 7 % 2);
        t->level[1][u] = (int32_t)(u * 5 % 11 % 3);
    }
    for (int f = 0; f < 2; f++) t->factor[f] = t->level[f], t->n_levels[f] = 2 + f;
    t->units.id = t->id;
    t->units.n_factors = 2;
    t->units.factor = t->factor;
    t->units.n_levels = t->n_levels;
}

/* Clusters of one and of two units in turn, within their strata. */
static inline void name_clusters(small_trial *t)
{
    int32_t g = -1;
    for (int64_t u = 0, k = 0; u < t->units.n_units; u++, k++) {
        if (u > 0 && t->stratum[u] != t->stratum[u - 1]) k = 0;
        if (k % 3 != 2) g++;
        t->cluster[u] = g;
    }
    t->units.n_clusters = g + 1;
    for (; g >= 0; g--) {
        snprintf(t->cluster_name[g], sizeof t->cluster_name[g], "c%04d", (int)g);
        t->cluster_text[g] = t->cluster_name[g];
    }
    t->units.cluster = t->cluster;
    t->units.cluster_text = t->cluster_text;
}

/* Two covariates that follow nothing, and options under which the designs that balance on them have something to draw.
 */
static inline void name_covariates(small_trial *t)
{
    for (int64_t u = 0; u < t->units.n_units; u++) {
        t->covariate_value[0][u] = (double)(u * u * 7 % 101) * 1e3;
        t->covariate_value[1][u] = (double)(u * 37 % 53) - 0.25 * (double)(u % 3);
    }
    for (int j = 0; j < 2; j++) t->covariate[j] = t->covariate_value[j], t->covariate_name[j] = j ? "income" : "age";
    t->options = (tm_plan_options){.misfits = "pivotal",
                                   .coin = NAN,
                                   .urn_start = NAN,
                                   .urn_add = NAN,
                                   .group_size = 2,
                                   .matching = "optimal",
                                   .accept = 0.5,
                                   .candidates = 200,
                                   .fraction = 0.9};
    t->units.n_covariates = 2;
    t->units.covariate = t->covariate;
    t->units.covariate_name = t->covariate_name;
    t->units.options = &t->options;
}

static inline void build_trial(small_trial *t, int32_t n_strata, int32_t n_arms, const int64_t *size,
                               const int64_t *shares)
{
    t->units = (tm_design_units){.n_arms = n_arms,
                                 .n_strata = n_strata,
                                 .stratum = t->stratum,
                                 .stratum_text = t->stratum_text,
                                 .shares = t->shares,
                                 .trial_id = "t",
                                 .seed = "s"};
    for (int32_t s = 0; s < n_strata; s++) {
        snprintf(t->text[s], sizeof t->text[s], n_strata == 1 ? "" : "s%04d|\\|\xc3\xa9", s);
        t->stratum_text[s] = t->text[s];
        t->size[s] = size[s];
        for (int64_t k = 0; k < size[s]; k++) t->stratum[t->units.n_units++] = s;
        for (int32_t a = 0; a < n_arms; a++) t->shares[s * n_arms + a] = shares[s * n_arms + a];
    }
    name_units(t);
    name_clusters(t);
    name_covariates(t);
}

static inline uint64_t next_random(uint64_t *x) /* xorshift64 */
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x;
}

static inline int random_below(uint64_t *x, int range)
{
    return (int)((next_random(x) >> 32) * (uint64_t)range >> 32);
}

/* Nasty on purpose: strata of one, more arms than units, arms that nobody gets, shares that do not divide. */
static inline void build_random_trial(small_trial *t, uint64_t *x, int most_strata, int most_size)
{
    int64_t size[MOST_STRATA], shares[MOST_STRATA * MOST_ARMS];
    const int32_t n_strata = 1 + random_below(x, most_strata), n_arms = 1 + random_below(x, 6);
    const int same_shares = random_below(x, 2);
    const int share_range = 1 + random_below(x, n_strata <= 8 || same_shares ? 10 : 3); /* keeps D below 2^53 */
    for (int32_t s = 0; s < n_strata; s++) {
        size[s] = random_below(x, 3) ? 1 + random_below(x, most_size) : 1;
        for (int32_t a = 0; a < n_arms; a++)
            shares[s * n_arms + a] = same_shares && s ? shares[a] : random_below(x, share_range + 1);
        if (!same_shares || !s) shares[s * n_arms + random_below(x, n_arms)] += 1;
    }
    build_trial(t, n_strata, n_arms, size, shares);
    for (int64_t u = t->units.n_units - 1; u > 0; u--) { /* strata lie mixed in the canonical order */
        const int64_t j = random_below(x, (int)u + 1);
        const int32_t swap = t->stratum[u], swap_cluster = t->cluster[u];
        t->stratum[u] = t->stratum[j];
        t->stratum[j] = swap;
        t->cluster[u] = t->cluster[j];
        t->cluster[j] = swap_cluster;
    }
}

static inline const tm_design *design_of(const char *key)
{
    const tm_design *design = tm_design_find(key);
    assert_non_null(design);
    return design;
}

static inline void set_factors(small_trial *t, int32_t n_factors, const int32_t **factor, const int32_t *n_levels)
{
    t->units.n_factors = n_factors;
    t->units.factor = factor;
    t->units.n_levels = n_levels;
}

#endif
