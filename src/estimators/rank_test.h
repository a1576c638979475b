/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_RANK_TEST_H
#define TM_RANK_TEST_H

#include "estimators/estimator.h"

/* Mantel's comparison of two arms' events with what is expected were the hazards equal, within strata, each time
 * weighted by the survival of both arms together just before it to the power rho: 0 log-rank, 1 Peto & Peto's Wilcoxon
 * test.
 *
 * With o the arm's events, e their expectation and v their hypergeometric variance at a time of weight w, the test is
 * z = Σ w (o - e) / sqrt(Σ w² v). The value is the one-step estimate of the log hazard ratio, Σ w (o - e) / Σ w v, with
 * the standard error that makes their ratio z.
 *
 * Notes    those of tm_survival_refuse; two_arms_only, stratum_without_contrast, no_contrast, no_variation (the arms
 * are never at risk together). Cites    Mantel 1966; Peto & Peto 1972; Yusuf, Peto, Lewis, Collins & Sleight 1985
 * (one-step estimate).
 */
TEMOIN_MUST_CHECK temoin_status tm_rank_test_run(temoin_context *ctx, const tm_request *request, int rho,
                                                 tm_effect *out);

#endif
