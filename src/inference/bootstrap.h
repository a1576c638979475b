/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wild cluster bootstrap-t (Cameron, Gelbach & Miller 2008) by products of clusters with draws, so that its cost
 * does not depend on the number of rows (Roodman, MacKinnon, Nielsen & Webb 2019; MacKinnon 2023).
 *
 * In the orthonormal basis z of moments/fit.h the effect is ℓ'z'y. Under the null hypothesis that it is τ, with
 * δ = effect - τ, the restricted residuals are e + z ℓ δ / ℓ'ℓ, so that the score of cluster g,
 *
 *     s_g = Z_g'e_g + δ S_g ℓ / ℓ'ℓ,        S_g = Z_g'Z_g
 *
 * is linear in δ. A draw multiplies the residuals of cluster g by v_g. Then, with w = Σ_h v_h s_h,
 *
 *     effect* - τ = ℓ'w,     score of g* = r_g'(v_g s_g - S_g w),     t*² = (ℓ'w)² / Σ_g (score of g*)²
 *
 * where r_g = ℓ (CR1) or (I - S_g)⁻¹ ℓ (CR3, as the delete-one-cluster jackknife). Factors such as G / (G - 1) stand in
 * t and in t* alike and are left out of both. So each draw is five numbers, whatever τ is: its numerator is linear in δ
 * and its squared denominator quadratic. Jackknifed scores (the variants 31 and 33 of MacKinnon, Nielsen & Webb 2023,
 * there WCR-S and WCR-B) take the residuals of g from the restricted fit without g.
 *
 * Randomness: cluster h (of the estimate's, in the order in which canonical order meets them) has in the block of draws
 * 64 j … 64 j + 63
 *
 *     rademacher   one number; the sign of draw 64 j + i is its bit i, + where the bit is set
 *     webb         64 times bounded(6), which chooses from -√1.5, -1, -√0.5, √0.5, 1, √1.5
 *     mammen       64 numbers; (1 - √5) / 2 where number / 2^64 < (√5 + 1) / (2 √5), else (1 + √5) / 2
 *
 * taken from the stream of purpose "bootstrap" and empty label, jumped j times (TM_PCG64_JUMP). All estimates share the
 * stream, so that rows with the same clusters have the same draws. */
#ifndef TM_BOOTSTRAP_H
#define TM_BOOTSTRAP_H

#include "moments/fit.h"
#include "numeric/pcg64.h"

typedef enum tm_bootstrap_weights {
    TM_BOOTSTRAP_RADEMACHER,
    TM_BOOTSTRAP_WEBB,
    TM_BOOTSTRAP_MAMMEN
} tm_bootstrap_weights;

typedef struct tm_bootstrap_options {
    int64_t draws; /* at least 1 */
    tm_bootstrap_weights weights;
    bool unrestricted;        /* WCU: residuals and effect of the fit itself */
    bool jackknife_scores;    /* 31, 33 */
    bool jackknife_statistic; /* 13, 33: CR3 instead of CR1 in t and t* */
    double null_value;        /* of the test; the interval does not depend on it */
    double level;             /* of the interval */
    tm_pcg64 stream;
    /* The subcluster bootstrap (MacKinnon & Webb 2018): the fit's clusters are those of the draws, and owner [the fit's
     * n_clusters] says in which of n_owners clusters, whose errors correlate, each of them lies. NULL: the same. */
    const int32_t *owner;
    int32_t n_owners;
} tm_bootstrap_options;

typedef struct tm_bootstrap {
    double statistic; /* t without factors: δ / √(Σ_g (r_g'Z_g'e)²) */
    double p;         /* share with |t*| >= |t|, ties within 1e-9 included; of draws, (count + 1) / (draws + 1) */
    double p_strict;  /* the same with |t*| > |t| */
    double p_equal_tail;
    double ci_low; /* -INFINITY: no bound */
    double ci_high;
    bool disjoint;   /* between the bounds there are effects that are rejected */
    bool enumerated; /* all 2^G signs: p is exact */
    int64_t n_draws;
    const char *refused; /* key of a note, then there are no numbers */
} tm_bootstrap;

/* The bootstrap of one contrast whose clustered variance is identified.
 *
 * Enumerates all signs when they are at most `draws` (rademacher). Such a p that is zero, which only unrestricted
 * bootstraps have, is raised to one over the number of draws: less cannot be told. The interval holds the effects that
 * the symmetric test does not reject; under WCR its ends are roots of fourth-degree polynomials, one per draw, so that
 * they are exact and no set in pieces is missed.
 *
 * Notes    cluster_leverage_one.
 * Cost     O(n p²) for the clusters' moments, then O(clusters × p) per draw; 40 bytes per draw.
 * Cites    Cameron, Gelbach & Miller 2008; Webb 2023; Mammen 1993; MacKinnon, Nielsen & Webb 2023, section 5.
 */
TEMOIN_MUST_CHECK temoin_status tm_bootstrap_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                                 const tm_bootstrap_options *options, tm_bootstrap *out);

/* What a report that holds one cites. */
extern const char *const tm_bootstrap_cites;

#endif
