/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test statistic says how far apart arms are; a randomization test asks how often the draw alone sets them so far
 * apart. Any statistic tests that nobody's outcome depends on the arm; `studentized` is also right, in large trials,
 * for the hypothesis that the mean effect is zero while clients differ.
 *
 * To add one: write <key>.c with `const tm_statistic tm_statistic_<key>`, add the key to this folder's meson.build. The
 * plan's `randomization.statistic` and `temoin list statistics` find it from there. */
#ifndef TM_STATISTIC_H
#define TM_STATISTIC_H

#include "base/failure.h"
#include "estimators/effect.h"
#include "moments/sample.h"

/* What scores depend on: the order of the outcomes alone, or their order less the means of their strata. */
typedef enum tm_ranked { TM_RANKED_NOT, TM_RANKED_ALL, TM_RANKED_ALIGNED } tm_ranked;

typedef struct tm_statistic {
    const char *key;
    const char *title_en;
    const char *title_fr;
    const char *cites;
    bool affine;   /* value(y - τ z) = value(y) - τ value(z) at every draw, if the estimator is linear in y */
    bool in_units; /* of the outcome; else free of them */
    bool needs_se; /* of the effect below */
    tm_ranked ranked;
    /* Either a number of the estimate's own effect, found again in the rows with their arms as drawn, */
    double (*of_effect)(const tm_effect *effect);
    /* or a number of scores, which only depend on the outcomes (ranks): score [n] of the rows, whose arms are not
     * looked at; scratch is rewound, */
    temoin_status (*score)(temoin_context *ctx, const tm_sample *sample, double *score);
    /* and then, for each draw, the statistic of score [n] in the rows with their arms as drawn, for arm_weight
     * [n_arms]; NaN: there is none. Scratch is rewound. */
    temoin_status (*of_scores)(temoin_context *ctx, const tm_sample *sample, const double *score,
                               const double *arm_weight, double *value);
    /* The same from the number of rows and the sum of scores of each arm, [n_arms]; NULL: they are not enough. */
    double (*of_sums)(int32_t n_arms, const double *number, const double *sum, const double *arm_weight);
} tm_statistic;

extern const tm_statistic *const tm_statistics[];
extern const int tm_n_statistics;

/* NULL when there is no such key. */
const tm_statistic *tm_statistic_find(const char *key);

#endif
