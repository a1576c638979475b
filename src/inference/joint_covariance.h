/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_JOINT_COVARIANCE_H
#define TM_JOINT_COVARIANCE_H

#include "moments/fit.h"

typedef struct tm_joint_covariance {
    int32_t q;  /* set on entry, as is room for v */
    double *v;  /* [q * q] */
    double df;  /* n - k, or G - 1 */
    double eta; /* with cr2; NaN otherwise */
    const char *refused;
} tm_joint_covariance;

/* The covariance of the first q of the fit's combinations, which must be orthonormal. */
TEMOIN_MUST_CHECK temoin_status tm_joint_covariance_run(temoin_context *ctx, const tm_fit *fit, const char *variance,
                                                        tm_joint_covariance *out);

#endif
