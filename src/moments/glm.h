/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum likelihood in models whose mean is a function of a linear predictor η = Σ_f α_f 1[group = f] + Σ_j β_j x_j:
 * Newton's method, each step a weighted least-squares fit (moments/fit.h) of the working response η + score / weight.
 * At the maximum that same fit is the orthonormal basis in which every variance is a few small products. */
#ifndef TM_GLM_H
#define TM_GLM_H

#include "moments/fit.h"

/* One row of a family at one value of η. */
typedef struct tm_glm_point {
    double mean;     /* μ */
    double slope;    /* dμ/dη */
    double score;    /* d log-likelihood / dη */
    double expected; /* E(-d² log-likelihood / dη²), positive */
    double observed; /* -d² log-likelihood / dη², positive; equals `expected` for logit and Poisson */
    double loss;     /* -log-likelihood, but for what does not depend on η */
} tm_glm_point;

typedef struct tm_glm_family {
    bool binary; /* outcomes are 0 or 1; else any that are not negative */
    tm_glm_point (*at)(double eta, double y);
} tm_glm_family;

extern const tm_glm_family tm_glm_logit;
extern const tm_glm_family tm_glm_probit;
extern const tm_glm_family tm_glm_poisson; /* any outcome that is not negative: its mean is log-linear */

typedef enum tm_glm_end { TM_GLM_DONE, TM_GLM_SEPARATED, TM_GLM_STUCK } tm_glm_end;

typedef struct tm_glm {
    tm_glm_end end;
    double *eta;              /* [n] in the order of the sample */
    double *group;            /* [n_groups] α */
    double *column;           /* [n_columns] β */
    const double *divergence; /* [n], with TM_GLM_SEPARATED: where η goes; 0: a row that is not separated */
} tm_glm;

/* Maximizes Σ_i weight_i log-likelihood(y_i; η_i), to the last digits: it stops when a step is below 1e-8 standard
 * errors, which leaves an error of the square of that.
 *
 * A maximum exists unless some direction in the columns' space never lowers the likelihood of any row (Albert &
 * Anderson 1984). Newton's steps turn towards such a direction; once one of them is one, that proves it, and the rows
 * along which it grows are separated: the model fits them ever better as the coefficients grow without bound. A step
 * counts as such a direction when no row goes the wrong way by more than 1e-7 of the largest change.
 *
 * Shapes   see above; the model's contrasts are not used; results live on the scratch arena.
 * Needs    columns that are not collinear; y as the family says.
 * Cost     that of some ten fits.
 */
TEMOIN_MUST_CHECK temoin_status tm_glm_run(temoin_context *ctx, const tm_glm_family *family, const tm_model *model,
                                           tm_glm *out);

/* The fit at η: rows weighted by their information, residual score / root of it, so that products of basis and residual
 * are scores; for the contrasts of `model`. */
TEMOIN_MUST_CHECK temoin_status tm_glm_fit(temoin_context *ctx, const tm_glm_family *family, const tm_model *model,
                                           const double *eta, bool observed, const tm_fit **out);

#endif
