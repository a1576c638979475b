/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of one regression: the clients of a trial who have what an estimate at one wave, or at several, needs. */
#ifndef TM_SAMPLE_H
#define TM_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "designs/joint_chances.h"

/* Rows client × wave instead of one row per client. */
typedef struct tm_panel {
    int32_t n_waves;
    const int32_t *wave; /* [n] below n_waves */
    const bool *before;  /* [n_waves] the arms did not differ yet; NULL: no such wave is among them */
    /* [n_contrasts * n_waves] of an estimator with an effect at each wave: how much each counts in what is asked for;
     * NULL: all waves together */
    const double *wave_weight;
} tm_panel;

/* Whether a row is at a wave whose outcome an effect is about: what a constant effect would move. panel NULL: yes. */
static inline bool tm_panel_is_about(const tm_panel *panel, int32_t contrast, int64_t row)
{
    if (!panel) return true;
    if (panel->before && panel->before[panel->wave[row]]) return false;
    return !panel->wave_weight || panel->wave_weight[(int64_t)contrast * panel->n_waves + panel->wave[row]] != 0;
}

typedef struct tm_sample {
    int64_t n;
    int32_t n_arms;
    int32_t n_strata;
    int32_t n_clusters;     /* 0: not clustered */
    const double *y;        /* [n] finite */
    const double *weight;   /* [n] positive; NULL: all one */
    const int32_t *arm;     /* [n] */
    const int32_t *stratum; /* [n] */
    const int32_t *cluster; /* [n]; NULL: every row is its own */
    int32_t n_sites;        /* 0: the plan names none, or clusters are not providers */
    const int32_t *site;    /* [n] where the provider works; NULL with n_sites 0 */
    int32_t n_subclusters;
    const int32_t *subcluster; /* [n] parts of clusters, which the bootstrap draws; NULL: it draws clusters */
    const double
        *received; /* [n] 0 or 1: whether the client got what the arms offer; NULL: the estimate does not ask */
    const double
        *event;     /* [n] y is a time: 1 the event happened then, 0 the client was last seen then; NULL: no time */
    double horizon; /* with event, in units of y; 0: none is named */
    int32_t n_covariates;
    const double *const *covariate; /* [n_covariates] → [n] finite, centred at the mean of the rows */
    const char *const *covariate_name;
    const int64_t *unit;             /* [n] of the trial; NULL: of none. The rows of a client stand together */
    const tm_panel *panel;           /* NULL: one row per client */
    const tm_joint_chances *chances; /* of the trial's units, of an estimator that weighs by them; NULL: see there */
    double quantile;                 /* in (0, 1), of an estimator that asks for one; 0: none */
    int32_t quantile_type;           /* 1, 2, 6 or 7, see estimators/sample_quantile.h */
} tm_sample;

#endif
