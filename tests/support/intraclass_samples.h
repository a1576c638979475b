/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients of workers: published tables, and random ones. */
#ifndef TM_TEST_INTRACLASS_SAMPLES_H
#define TM_TEST_INTRACLASS_SAMPLES_H

#include "randsample.h"

#include "inference/intraclass.h"

enum { ICC_ROWS = 60, ICC_ARMS = 3 };

typedef struct icc_sample {
    tm_sample sample;
    double y[ICC_ROWS];
    int32_t arm[ICC_ROWS], cluster[ICC_ROWS];
} icc_sample;

/* Shares of conceptions after artificial insemination, by bull (Snedecor & Cochran 1967, section 10.18). */
static const double icc_bulls[] = {46, 31, 37, 62, 30, 70, 59, 52, 44, 57, 40, 67, 64, 70, 47, 21, 70, 46,
                                   14, 42, 64, 50, 69, 77, 81, 87, 35, 68, 59, 38, 57, 76, 57, 29, 60};
static const int icc_bulls_m[] = {5, 2, 7, 5, 7, 9};

/* Yields of dyestuff by batch (Davies 1947, "Statistical Methods in Research and Production"). */
static const double icc_dyestuff[] = {1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495,
                                      1595, 1550, 1605, 1510, 1560, 1445, 1440, 1595, 1465, 1545,
                                      1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445};
static const int icc_dyestuff_m[] = {5, 5, 5, 5, 5, 5};

static inline void icc_point(icc_sample *s)
{
    s->sample.y = s->y;
    s->sample.arm = s->sample.stratum = s->arm;
    s->sample.cluster = s->cluster;
}

static inline void icc_finish(icc_sample *s, int64_t n, int32_t n_clusters, int32_t n_arms)
{
    s->sample = (tm_sample){.n = n, .n_arms = n_arms, .n_strata = 1, .n_clusters = n_clusters};
    icc_point(s);
}

/* m [n_groups] clients of each worker, all in one arm. What it returns must be pointed at itself before use. */
static inline icc_sample icc_sample_of(const double *y, const int *m, int n_groups)
{
    icc_sample s = {0};
    int64_t n = 0;
    for (int g = 0; g < n_groups; g++)
        for (int k = 0; k < m[g]; k++, n++) s.y[n] = y[n], s.cluster[n] = g;
    icc_finish(&s, n, n_groups, 1);
    return s;
}

/* Arms of `workers` workers with one to five clients each; rows lie mixed. crossed: every worker serves all arms. */
static inline icc_sample icc_random_sample(uint64_t *seed, int n_arms, int workers, bool crossed)
{
    icc_sample s = {0};
    int64_t n = 0;
    for (int a = 0; a < n_arms; a++)
        for (int k = 0; k < workers; k++) {
            const double own = rand_normal(seed);
            const int clients = k == 0 ? 3 : 1 + rand_below(seed, 4);
            for (int c = 0; c < clients; c++, n++) {
                s.arm[n] = a;
                s.cluster[n] = crossed ? k : a * workers + k;
                s.y[n] = own + rand_normal(seed);
            }
        }
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = rand_below(seed, (int32_t)i + 1);
        const double y = s.y[i];
        const int32_t arm = s.arm[i], cluster = s.cluster[i];
        s.y[i] = s.y[j], s.arm[i] = s.arm[j], s.cluster[i] = s.cluster[j];
        s.y[j] = y, s.arm[j] = arm, s.cluster[j] = cluster;
    }
    icc_finish(&s, n, crossed ? workers : workers * n_arms, n_arms);
    return s;
}

static inline void icc_analyze(temoin_context *ctx, icc_sample *s, tm_worker_groups *groups, tm_one_way *table,
                               tm_intraclass_anova *icc)
{
    icc_point(s);
    check_ok(ctx, tm_worker_groups_build(ctx, &s->sample, groups));
    tm_one_way_init(groups, table);
    tm_intraclass_anova_run(groups, table, 0.95, icc);
}

#endif
