/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MIDRANKS_H
#define TM_MIDRANKS_H

#include "moments/sample.h"
#include "numeric/ranks.h"

/* Σ_a arm_weight[a] × mean score of arm a; NaN when an arm with a weight has nobody. */
double tm_difference_of_means(const tm_sample *sample, const double *score, const double *arm_weight);

#endif
