/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The randomization test of an estimate, as the plan asks for it. */
#ifndef TM_RANDOMIZE_ESTIMATE_H
#define TM_RANDOMIZE_ESTIMATE_H

#include "inference/randomization.h"

typedef struct tm_estimate_test {
    const tm_redraws *redraws; /* of the trial, built once */
    const tm_plan_estimate *estimate;
    const tm_sample *sample; /* of one measure at one wave */
    const tm_estimator *estimator;
    const tm_variance *variance;
    bool weighted;     /* the sample's weights are one over the chance of the own arm */
    bool never_listed; /* as in tm_redraw_request */
} tm_estimate_test;

/* What the test of contrasts arm_weight [n_contrasts * n_arms] asks, with its source of arms.
 *
 * `conditional`, for one contrast: the units of arms that it leaves out keep theirs where the design lets them, see
 * arm_source.h. False: everybody is drawn again, so that several contrasts, measures and waves have the same draws.
 * *refused: the note that says why there is no test, NULL: there is one. In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_test_prepare(temoin_context *ctx, const tm_estimate_test *test,
                                                         const double *arm_weight, int32_t n_contrasts,
                                                         bool conditional, tm_randomization_request *out,
                                                         const char **refused);

/* p_randomization, its band and n_redraws of the row of one contrast, conditional on the arms it leaves out. The plan
 * asks for draws.
 *
 * Where the statistic is the difference in means of `dim`, outcomes are whole or decimal numbers and the design keeps
 * the numbers in the arms, p is that of all assignments, without draws (n_redraws stays -1; note exact_distribution).
 *
 * Notes    exact_distribution, no_redraw, split_clusters, redraw_weights, scores_of_waves, undefined_in_redraws,
 * too_few_assignments. Where the statistic does not exist in the trial as it is, the row says so already.
 */
TEMOIN_MUST_CHECK temoin_status tm_estimate_randomize(temoin_context *ctx, const tm_estimate_test *test,
                                                      const double *arm_weight, tm_notes *notes, temoin_row *row);

#endif
