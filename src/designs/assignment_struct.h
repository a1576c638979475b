/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_ASSIGNMENT_STRUCT_H
#define TM_ASSIGNMENT_STRUCT_H

#include "designs/worker_draw.h"
#include "temoin/design.h"
#include "trial/trial_struct.h"

struct temoin_assignment {
    const temoin_trial *trial;
    const int32_t *arm; /* [n_units] -1: in no arm: left out by the misfit policy, or drawn elsewhere and blank */
    const double *probability; /* [n_units] of the arm received; NaN where arm is -1. Of rolling designs the chance at
                                  the unit's turn, given those before it */
    const double *chance; /* [n_units] what analyses weigh by: the same, but of rolling designs that keep the shares the
                             arm's share, for a turn with one place left says nothing of who could have been where */
    bool by_turn;         /* `chance` is that of the turn, and another draw would have others: of a coin with unequal
                             shares, which keeps no client's chance at the share */
    double error;         /* largest Monte Carlo standard error of a probability; 0: all are exact */
    const int64_t *n_in_arm;       /* [n_arms] */
    const int64_t *order;          /* [n_units] of a rolling design's ledger: as they came; NULL: canonical order */
    bool probabilities_differ;     /* some arm's chance is not the same for all units */
    bool drawn;                    /* by temoin, so that there is a ledger */
    char *head;                    /* [TM_SHA256_HEX_SIZE] the ledger's last digest once it was rendered, "" before */
    const tm_worker_draw *workers; /* of a two-stage draw, or where places are few; NULL: none are drawn */
};

/* The provider of every unit, [n_units] with -1 blank: whom the plan's column names, else whom the design drew; NULL:
 * neither. *n: of all. */
const int32_t *tm_assignment_provider(const temoin_assignment *assignment, int32_t *n);

#endif
