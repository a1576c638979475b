/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_ASSIGNMENT_STRUCT_H
#define TM_ASSIGNMENT_STRUCT_H

#include "temoin/design.h"
#include "trial/trial_struct.h"

struct temoin_assignment {
    const temoin_trial *trial;
    const int32_t *arm;         /* [n_units] -1: in no arm (only in trials drawn elsewhere) */
    const double *probability;  /* [n_units] of the arm received; NaN where arm is -1 */
    const int64_t *n_in_arm;    /* [n_arms] */
    bool probabilities_differ;  /* some arm's probability is not the same for all units */
    bool drawn;                 /* by temoin, so that there is a ledger */
};

#endif
