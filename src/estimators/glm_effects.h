/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What logit, probit and Poisson regression share: y on arm indicators, strata and covariates, as in `ols`. */
#ifndef TM_GLM_EFFECTS_H
#define TM_GLM_EFFECTS_H

#include "estimators/estimator.h"
#include "moments/glm.h"

/* The variances of canonical links, the first of each kind being what a plan gets that names none; and of probit. */
#define TM_GLM_VARIANCES "hc0 ml_robust classical cr2 cr1 cr0"
#define TM_GLM_VARIANCES_OBSERVED TM_GLM_VARIANCES " observed_information hc0_observed"

typedef enum tm_glm_target {
    TM_GLM_COEFFICIENT, /* Σ_a c_a β_a */
    TM_GLM_DIFFERENCE,  /* Σ_a c_a M_a: M_a the mean over all clients of what the model predicts for them in arm a */
    TM_GLM_LOG_RATIO,   /* Σ_a c_a log M_a */
} tm_glm_target;

/* Effects of the request's contrasts, by the delta method where they are functions of coefficients. Covariates are held
 * as they are: the variance is for these clients' covariates.
 *
 * Notes    outcome_not_binary, outcome_negative, no_variation, perfect_fit, too_few_units, no_contrast, collinear,
 *          constant_in_arm, stratum_without_contrast, weights_scale, not_converged, and those of the variance.
 *          Clients whose outcome is predicted without error by strata and covariates have no say in the coefficients
 * and are left out of the fit (separated_clients); an effect that needs them is refused (separation). Cites McCullagh &
 * Nelder 1989, ch. 2, 4, 6.
 */
TEMOIN_MUST_CHECK temoin_status tm_glm_effects_run(temoin_context *ctx, const tm_request *request,
                                                   const tm_glm_family *family, tm_glm_target target, tm_effect *out);

#endif
