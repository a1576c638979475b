/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/effect.h"

#include "numeric/distributions.h"

void tm_effect_test(tm_effect *effect, double se, double df, double level)
{
    effect->se = se;
    effect->df = df;
    effect->statistic = effect->value / se;
    if (isnan(level)) return;
    const double margin = tm_student_quantile(0.5 + level / 2, df);
    effect->p = tm_student_p_two_sided(effect->statistic, df);
    effect->ci_low = effect->value - margin * se;
    effect->ci_high = effect->value + margin * se;
}
