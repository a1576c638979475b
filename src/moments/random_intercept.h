/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear mixed models with random intercepts by restricted or full maximum likelihood, and what is known of their
 * coefficients: covariance, Kenward & Roger's adjusted covariance, degrees of freedom.
 *
 * The likelihood is profiled over β and σ² and minimized over the ratios θ_k = σ_k²/σ² >= 0: first on a grid from 1e-6
 * to 1e6 and zero, so that no local optimum holds it, then by Newton's method on the analytic score, until a step is
 * below rounding. In one dimension with the second derivative at hand that needs neither brackets nor a library's
 * minimizer, whose stop would be a looser one: where packages end some 1e-6 from the optimum, this is at it.
 *
 * -2 log-likelihood = ν (log(2π σ²) + 1) + log |V| + [log |X'V⁻¹X|], σ² = y'Py / ν, ν = n - p (REML, with the bracket)
 * or n, V in units of σ² as in random_moments.h. */
#ifndef TM_RANDOM_INTERCEPT_H
#define TM_RANDOM_INTERCEPT_H

#include "moments/random_forms.h"

typedef struct tm_random_fit {
    const tm_random_moments *moments;
    bool reml;
    /* Key of the note that says why there is no fit, and then nothing else holds: too_few_units (n <= p),
     * variance_not_identified (the variances cannot be told apart: every level one row, or the columns of X take up
     * all differences between levels), perfect_fit (nothing varies within levels), not_converged, model_too_large.
     * NULL: there is a fit. */
    const char *refused;
    bool at_zero[TM_RANDOM_MOST_FACTORS]; /* the likelihood is largest at a variance of zero */
    double ratio[TM_RANDOM_MOST_FACTORS];
    double variance[TM_RANDOM_MOST_FACTORS]; /* σ_k², between levels */
    double residual;                         /* σ², within */
    double criterion;                        /* -2 log-likelihood */
    double log_likelihood;
    const double *coefficient; /* [p] β */
    const double *covariance;  /* [p * p] σ² (X'V⁻¹X)⁻¹ */
    /* of tm_random_combine: */
    const tm_random_forms *forms;
    const double *inverse; /* [p * p] (X'V⁻¹X)⁻¹ */
    const double *expected; /* [(n_factors + 1)²] covariance of the variances over σ⁴, by expected REML information */
    const double *observed; /* by observed information of the likelihood; 0 where a variance is zero. Scale last */
} tm_random_fit;

/* Fits. moments and result live on the scratch arena.
 *
 * Cost     some fifty evaluations of the likelihood alone by tm_random_forms_at and ten whole ones: O(p³) each, besides
 *          one of its own per level. A thousand fixed columns, or levels of a second factor, take seconds.
 * Cites    Patterson & Thompson 1971; Harville 1977; Bates, Mächler, Bolker & Walker 2015, sec. 3.4 (the criterion).
 */
TEMOIN_MUST_CHECK temoin_status tm_random_fit_run(temoin_context *ctx, const tm_random_moments *moments, bool reml,
                                                  tm_random_fit *out);

/* -2 log-likelihood at ratio [n_factors], profiled over β and σ²: for intervals of the ratio. NaN where it is not
 * defined. */
TEMOIN_MUST_CHECK temoin_status tm_random_criterion(temoin_context *ctx, const tm_random_moments *moments, bool reml,
                                                    const double *ratio, double *out);

/* One linear combination l'β. */
typedef struct tm_random_combination {
    double value;
    double variance;               /* l'Φl, Φ = σ² (X'V⁻¹X)⁻¹ */
    double variance_kenward_roger; /* l'Φ_A l */
    double df_kenward_roger; /* 2 v² / (g'Wg): g the derivative of v = l'Φl by the variances, W their expected */
    double df_satterthwaite; /* the same by observed information */
} tm_random_combination;

/* Of a fit that is not refused.
 *
 * Φ_A = Φ + 2Φ(Σ_ij W_ij (Q_ij - P_iΦP_j))Φ, Kenward & Roger 1997, without the terms in second derivatives of V, which
 * are zero here. Their degrees of freedom of a single combination reduce to Satterthwaite's with W: with A₁ = A₂ = A =
 * g'Wg / v², their ρ is (1 - A/2) / (1 - 2A) and 4 + 3 / (ρ - 1) = 2 / A.
 *
 * A variance of zero: Kenward & Roger's formulas stay as they are, with the information about that variance too
 * (pbkrtest's convention); Satterthwaite's leave it out, which makes the degrees of freedom those of least squares with
 * one factor (lmerTest's convention: its derivatives are by standard deviations, and vanish there).
 *
 * Cites    Kenward & Roger 1997; Halekoh & Højsgaard 2014 (pbkrtest); Kuznetsova, Brockhoff & Christensen 2017
 *          (lmerTest).
 */
TEMOIN_MUST_CHECK temoin_status tm_random_combine(temoin_context *ctx, const tm_random_fit *fit, const double *l,
                                                  tm_random_combination *out);

#endif
