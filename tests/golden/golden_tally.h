/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all comparisons with the reference results count together, and the list of the comparisons. */
#ifndef TM_GOLDEN_TALLY_H
#define TM_GOLDEN_TALLY_H

#include "golden_data.h"

typedef struct golden_tally {
    int numbers, results, wrong;
    struct {
        char family[40], estimator[60];
        const char *reason;
        int n;
    } left[200];
    int n_left;
} golden_tally;

/* Counts the number, and prints and counts it as wrong if it is off by more than the result's rtol and by more than
 * slack; a NaN that is wanted is not compared. */
void golden_compare(golden_tally *t, const golden_data *data, const golden_result *r, const char *what, double got,
                    double want, double slack);

/* Two Monte Carlo shares with their numbers of draws: no further apart than four standard errors of their difference.
 */
void golden_compare_shares(golden_tally *t, const golden_data *data, const golden_result *r, const char *what,
                           double got, double got_draws, double want, double want_draws);

void golden_wrong(golden_tally *t, const golden_data *data, const golden_result *r, const char *what, double got,
                  double want);

/* The result is not compared; the same reasons are counted together. */
void golden_leave(golden_tally *t, const golden_result *r, const char *reason);

/* Compares the result or leaves it with a reason, and counts it in t->results if it compared; false: not its own. To
 * add one: compare_<topic>.c, its row in golden_comparers and its name in this folder's meson.build. */
typedef bool golden_comparer(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r);

golden_comparer compare_linear;
golden_comparer compare_binary;
golden_comparer compare_rank;
golden_comparer compare_effect_size;
golden_comparer compare_randomization;
golden_comparer compare_multiplicity;
golden_comparer compare_iv, compare_quantile, compare_pooled;
golden_comparer compare_bootstrap, compare_joint;
golden_comparer compare_step_down;
golden_comparer compare_glm;
golden_comparer compare_mixed;
golden_comparer compare_survival;
golden_comparer compare_partial;
golden_comparer compare_icc;

extern golden_comparer *const golden_comparers[]; /* NULL beyond the last */

/* What the comparison of linear models saw, and whether that is what it must see. */
void compare_linear_report(void);
bool compare_linear_is_whole(void);
bool compare_iv_is_whole(void); /* all results of the family */
bool compare_quantile_is_whole(void);
bool compare_pooled_is_whole(void);
bool compare_partial_is_whole(void);
bool compare_icc_is_whole(void);

#endif
