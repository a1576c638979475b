/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which worker serves which client. Workers of a two-stage design are drawn for the arms too (two_stage.c states the
 * rule); where places are few, they go by who is free (free_places.h). */
#ifndef TM_WORKER_DRAW_H
#define TM_WORKER_DRAW_H

#include "base/failure.h"
#include "trial/trial_struct.h"

typedef struct tm_worker_draw {
    const int32_t *arm;        /* [n_workers] NULL: theirs is not drawn */
    const double *probability; /* [n_workers] of that arm; NULL likewise */
    const int32_t *worker;     /* [n_units] who serves the client; -1: nobody */
    const double
        *chance; /* [n_units] of that worker, given everybody's arm; where places are few, at the client's turn */
    const bool *deferred; /* [n_units] found no place; NULL, and those below: places are not counted */
    const int64_t *open,
        *places; /* [n_units] at the turn: clients and places of the served arm that has the fewest free */
} tm_worker_draw;

/* arm [n_units]: the clients'. Errors: those of `blocked`. */
TEMOIN_MUST_CHECK temoin_status tm_worker_draw_build(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm,
                                                     const tm_worker_draw **out);

#endif
