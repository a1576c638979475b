/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How arms are drawn. To add a design:
 *
 *   1. src/designs/KEY.c with `const tm_design tm_design_KEY = {.key = "KEY", …}`;
 *   2. KEY in the list of src/designs/meson.build.
 *
 * Help, `temoin list designs`, the plan's `design.kind` and the contract tests follow. An algorithm never changes under
 * its key: a better one gets a new key.
 */
#ifndef TM_DESIGN_KIND_H
#define TM_DESIGN_KIND_H

#include "base/failure.h"
#include "numeric/pcg64.h"
#include "plan/plan_struct.h"

/* Who is drawn, and all that a design may know of them; everything here is fixed before the draw. Units come in
 * canonical order (bytes of their ids), strata and clusters in the order of their canonical texts' bytes. A member that
 * a design has no use for may be NULL. */
typedef struct tm_design_units {
    int64_t n_units;
    int32_t n_arms;
    int32_t n_strata;
    const int32_t *stratum;          /* [n_units]; NULL: one stratum */
    const char *const *stratum_text; /* [n_strata] canonical text; "" for the one stratum of a design without strata */
    const int64_t *shares;           /* [n_strata * n_arms] integer shares of each stratum */
    const char *trial_id, *seed;
    const char *purpose_prefix;     /* put before the purposes of all streams; NULL: nothing */
    const tm_plan_options *options; /* NULL: their defaults */
    const char *const *id;          /* [n_units] */
    const int64_t *arrival;         /* [n_units] units in the order in which they came; NULL: canonical order */
    int32_t n_clusters;
    const int32_t *cluster;          /* [n_units] whole clusters get one arm */
    const char *const *cluster_text; /* [n_clusters] */
    int32_t n_covariates;
    const double *const *covariate;    /* [n_covariates] → [n_units] finite: of `covariates`, in the plan's order,
                                          categories as    columns of 0 and 1 but for their first level */
    const char *const *covariate_name; /* [n_covariates] the plan's name of the covariate that each column is of */
    int32_t n_factors;
    const int32_t *const *factor; /* [n_factors] → [n_units] levels of `factors`, 0 … n_levels - 1 */
    const int32_t *n_levels;      /* [n_factors] */
    int32_t n_pairs;
    const int32_t *pair;          /* [n_units] of `pair`; NULL: the plan names no pairs */
    const char *const *pair_text; /* [n_pairs] in byte order */
    int64_t replicate;            /* 0: the trial's own draw; r > 0: its r-th redraw */
} tm_design_units;

/* The design's stream of that purpose and label; a redraw has streams of its own, purpose "PURPOSE/r". */
void tm_design_stream(const tm_design_units *units, tm_pcg64 *rng, const char *purpose, const char *label);

/* Visits one assignment that the design can make, with its exact probability; false: stop. */
typedef bool tm_design_visit(void *data, const int32_t *arm, double probability);

/* To whom a design deals places by places.h, all arrangements of a stratum (or pair) being equally likely. */
typedef enum tm_deals_to { TM_DEALS_OTHERWISE, TM_DEALS_TO_UNITS, TM_DEALS_TO_CLUSTERS, TM_DEALS_TO_PAIRS } tm_deals_to;

typedef struct tm_design {
    const char *key, *title, *cites;
    /* Keys under `design` that this kind takes, besides kind, seed, assigned, probability and stratum_shares: "strata
     * misfits". NULL: none. Any other key is refused before a unit is drawn. */
    const char *options;
    /* Those of them it cannot do without; where one of several is enough they are joined by "|": "covariates
     * accept|tiers". */
    const char *needs;
    bool rolling; /* units get arms one after the other, in order of arrival: later ones move nobody before them */
    tm_deals_to deals_to; /* unless otherwise, redraws are bits (redraw_bits.h) */
    bool shares_drift; /* a coin: unless the shares are equal, a client's chance before anyone has come is not the share
                        */
    bool simulated;    /* `received` is estimated by redraws */
    /* arm [n_units], each in 0 … n_arms - 1, or -1 where the plan's misfit policy leaves a unit out. The same for the
     * same units, whatever happened before. Errors   TEMOIN_ERR_PLAN: shares that cannot be honoured exactly; options
     * that do not fit the units. */
    temoin_status (*draw)(temoin_context *ctx, const tm_design_units *units, int32_t *arm);
    /* probability [n_units]: chance that the unit gets the arm given, NaN where that is -1. *error: the largest Monte
     * Carlo standard error among them, 0 when exact. For a rolling design the chance at the unit's turn, given those
     * before it; for `permuted` the share, which is the chance of someone who does not know what is left in the block.
     */
    temoin_status (*received)(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error);
    /* Visits every assignment of positive probability, for small trials; NULL: the design cannot. */
    temoin_status (*enumerate)(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data);
    /* Natural logarithm of the number of assignments of positive probability; NaN: not known. NULL likewise. */
    temoin_status (*count)(temoin_context *ctx, const tm_design_units *units, double *log_count);
    /* Chance that unit u gets arm a and unit v arm b, exact; NaN: too many assignments to list; NULL: by simulation
     * only. */
    temoin_status (*pairwise)(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability);
    /* Natural logarithm of the largest probability that an assignment and its mirror, in which two arms are swapped
     * throughout, have together. NaN: not known; tm_design_smallest_p then lists them, as it does if this is NULL. */
    temoin_status (*likeliest)(temoin_context *ctx, const tm_design_units *units, double *log_probability);
    /* Where that is not known: the same of some assignment, and so not more than that; NaN: not known either. */
    temoin_status (*likely)(temoin_context *ctx, const tm_design_units *units, double *log_probability);
    /* Where `count` is not known: about how many there are, and what `likeliest` would about be, by simulation. */
    temoin_status (*estimate)(temoin_context *ctx, const tm_design_units *units, double *log_count,
                              double *log_probability);
    /* What `temoin check` should warn of before the draw, result arena; NULL text: nothing. NULL: never anything. */
    temoin_status (*warn)(temoin_context *ctx, const tm_design_units *units, const char **text);
} tm_design;

extern const tm_design *const tm_designs[];
extern const int tm_n_designs;

/* Natural logarithm of the smallest p value that a two-sided randomization test of the design can be sure to reach,
 * however extreme the outcome: whatever was drawn is in its own tail, and its mirror is as extreme. NaN: not known. */
TEMOIN_MUST_CHECK temoin_status tm_design_smallest_p(temoin_context *ctx, const tm_design *design,
                                                     const tm_design_units *units, double *log_p);

/* NULL when no design has that key. */
const tm_design *tm_design_find(const char *key);

#endif
