/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of a sum over all assignments within strata, by its first two moments or exactly. */
#ifndef TM_PERMUTATION_TEST_H
#define TM_PERMUTATION_TEST_H

#include "estimators/estimator.h"

/* The rows of the two arms of a contrast. */
typedef struct tm_two_arms {
    int64_t n;
    double *y;
    bool *treated;
    int32_t *stratum;
    int32_t n_strata;
} tm_two_arms;

/* What a test makes of them: scores [n], which a unit of the effect is `unit` of; whole numbers for the exact test,
 * NULL where there are none. */
typedef struct tm_scores {
    double *score;
    int64_t *whole;
    double unit;
    bool continuity; /* half a unit of the score's sum can be taken off */
} tm_scores;

typedef temoin_status tm_scoring(temoin_context *ctx, const tm_two_arms *rows, tm_scores *out);

/* Effects Σ_b v_b (mean score of the arm - of the reference in b) / Σ_b v_b / unit, v_b = m_b k_b / n_b; the standard
 * error is that of all assignments with the same m_b, if no score depends on the arm (Strasser & Weber 1999): for
 * tests, not for intervals. Variances: permutation_normal, permutation_continuity, permutation_exact.
 *
 * Notes  contrast_of_two, weights_undefined, no_variation, no_contrast, not_decimal, exact_too_large. */
TEMOIN_MUST_CHECK temoin_status tm_permutation_test_run(temoin_context *ctx, const tm_request *request,
                                                        tm_scoring *scoring, tm_effect *out);

/* The rows; *refused is the note that says why there are none, NULL: there are. */
TEMOIN_MUST_CHECK temoin_status tm_two_arms_build(temoin_context *ctx, const tm_request *request, int32_t contrast,
                                                  tm_two_arms *out, const char **refused);

#endif
