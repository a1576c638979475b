/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_EFFECT_H
#define TM_EFFECT_H

#include <math.h>

#include "result/notes.h"

/* One effect with its interval; the notes say what is missing and why. */
typedef struct tm_effect {
    double value; /* NaN: the effect itself is not identified */
    double se;    /* NaN, with all that follows, when refused */
    double df;    /* INFINITY: normal reference */
    double statistic;
    double p;
    double ci_low;
    double ci_high;
    int64_t n;
    int64_t n_clusters; /* -1: not clustered */
    tm_notes notes;
    temoin_first_stage *first_stage; /* of an effect of receipt; NULL otherwise */
    double p_bootstrap;              /* NaN with what follows: not run */
    double ci_bootstrap_low;         /* NaN: no bound */
    double ci_bootstrap_high;
    int64_t n_bootstrap;       /* -1: not run */
    temoin_joint_test *joint;  /* of all contrasts together, beside the first of several; NULL: none */
    temoin_clusters *clusters; /* what the effect rests on; NULL: not asked for, or not clustered */
} tm_effect;

/* Takes the numbers behind the value away and says why. */
static inline void tm_effect_refuse(tm_effect *effect, const char *note)
{
    tm_notes_add(&effect->notes, note);
    effect->se = effect->df = effect->statistic = effect->p = effect->ci_low = effect->ci_high = NAN;
}

/* se, df → statistic, p and the interval, by Student's t or, df = INFINITY, the normal. level NaN: se and
 * statistic only, for whoever fits ten thousand times. */
void tm_effect_test(tm_effect *effect, double se, double df, double level);

#endif
