/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A campaign: many trials of known truth, drawn from fixed seeds, and what each method says of them. Replication k of a
 * scenario is a function of the scenario's name and k alone, so that a short run is the beginning of the long one. */
#ifndef TM_CAMPAIGN_H
#define TM_CAMPAIGN_H

#include "check.h"
#include "moments/sample.h"
#include "numeric/pcg64.h"

/* What a method says of one trial: NaN where it has no number. */
typedef struct campaign_answer {
    double p;
    double low, high; /* 95 % interval */
} campaign_answer;

typedef struct campaign_method {
    const char *name;
    /* sample has two arms; key is the method's own. replication: for methods that draw. */
    void (*run)(temoin_context *ctx, const struct campaign_method *method, const tm_sample *sample, int64_t replication,
                campaign_answer *answer);
    const char *estimator, *variance, *key;
    int64_t most; /* replications of this method, 0: all; for those that take long */
} campaign_method;

typedef struct campaign_scenario {
    const char *name;
    const char *what; /* a line of the table's legend */
    /* Draws a trial on the context's scratch arena. */
    void (*draw)(temoin_context *ctx, const struct campaign_scenario *scenario, tm_pcg64 *rng, tm_sample *out);
    int32_t n_units, n_clusters, n_treated; /* clusters, or units without clusters, in arm 1 */
    double icc;
    double truth;
    int64_t replications;
    const campaign_method *const *methods; /* NULL beyond the last */
} campaign_scenario;

typedef struct campaign_table {
    const char *name, *title, *what;
    const campaign_scenario *scenarios; /* n_units 0 beyond the last */
} campaign_table;

extern const campaign_table campaign_size, campaign_caseworkers;

double campaign_uniform(tm_pcg64 *rng);
double campaign_normal(tm_pcg64 *rng);
void campaign_shuffle(tm_pcg64 *rng, int32_t *x, int32_t n);

extern const campaign_method campaign_classical, campaign_welch, campaign_hc2, campaign_cr0, campaign_cr1s,
    campaign_cr2, campaign_cv3, campaign_peer_cr1, campaign_ri_difference, campaign_ri_studentized, campaign_wcr,
    campaign_wcr_2000, campaign_wcr_webb, campaign_wcr_jackknife, campaign_wcu;

#endif
