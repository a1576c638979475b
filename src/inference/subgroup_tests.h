/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the effect the same in all subgroups? */
#ifndef TM_SUBGROUP_TESTS_H
#define TM_SUBGROUP_TESTS_H

#include "inference/estimate_cells.h"
#include "inference/joint.h"

/* Welch's test that n >= 2 independent values have the same expectation. With w_l = 1 / se_l², W their sum, m the mean
 * so weighted and Λ = Σ (1 - w_l / W)² / df_l,
 *
 *     F = Σ w_l (value_l - m)² / (n - 1) / (1 + 2 (n - 2) Λ / (n² - 1)) ~ F(n - 1, (n² - 1) / (3 Λ))
 *
 * Of two, it is the t test of their difference with Satterthwaite's degrees of freedom; with infinite ones, the
 * chi-square test of Wald and of Cochran's Q.
 *
 * Shapes   value, se, df [n], finite, positive; df may be INFINITY, then df2 is, where all are.
 * Cites    Welch 1951, eq. 29.
 */
void tm_welch_run(const double *value, const double *se, const double *df, int32_t n, tm_joint *out);

/* One test for each column of the estimate's subgroups and each effect of a cell, from the rows of the cell of
 * everybody and, behind it, of its subgroups, in the order of the cells; added to `out`, which has room. Levels of a
 * column are disjoint clients, and given how many of each arm are in a level their arms are drawn independently: so are
 * the effects, unless clusters have clients in several levels. A column with one level has no test.
 *
 * Notes    joint_incomplete: a subgroup's effect has no standard error; joint_undefined: its test and its interval are
 *          not those of the value over the standard error, or the variance is by joint probabilities;
 *          subgroups_share_clusters.
 */
TEMOIN_MUST_CHECK temoin_status tm_subgroup_tests_run(temoin_context *ctx, const temoin_assignment *assignment,
                                                      const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                                      const tm_estimate_cell *cell, int32_t n_cells,
                                                      const temoin_row *rows, temoin_joint_test *out, int64_t *n_out);

#endif
