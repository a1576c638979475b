/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SEVERAL_ARMS_H
#define TM_SEVERAL_ARMS_H

#include "adjustments/adjustment.h"

/* Contrasts of one regression, most of all several arms against one control: the largest of their statistics, by the
 * multivariate t distribution with their correlation and the smallest of their degrees of freedom. Each fit of the
 * family stands for itself. Step-down, the largest is compared with the largest of all, the next with the largest of
 * those that are left, and so on. Never below the plain p value, nor above Bonferroni's.
 *
 * Shapes   adjusted [n], NaN where p is.
 */
TEMOIN_MUST_CHECK temoin_status tm_several_arms_adjust(temoin_context *ctx, const tm_family *family, bool step_down,
                                                       double *adjusted);

#endif
