/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who else might have served whom, everybody's arm being what it is. */
#ifndef TM_WORKER_REDRAWS_H
#define TM_WORKER_REDRAWS_H

#include "designs/assignment_struct.h"

typedef struct tm_worker_redraws {
    const temoin_assignment *assignment;
    const int32_t *worker; /* [n_units] as it was, -1: nobody */
    int32_t n_workers;
    int32_t n_blocks;
    int32_t *block;  /* [n_units] of arm and site; -1: in no arm, or served by nobody */
    int64_t *from;   /* [n_blocks + 1] … */
    int64_t *member; /* … the units of each block, in canonical order */
    bool by_places;  /* those who were free took whoever came */
    int64_t *leaver; /* [n_units] by their exits */
    bool known;      /* the design drew clients for workers: the redraws are its own */
} tm_worker_redraws;

/* In the caller's scratch. Blocks are arms by sites, where the plan names a site, else arms; of a two-stage design,
 * arms by strata, in which it deals clients to workers. */
TEMOIN_MUST_CHECK temoin_status tm_worker_redraws_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                        tm_worker_redraws *out);

/* worker [n_units] of redraw r = 1, 2, …, a function of the trial and r alone: stream "clients-of-workers/r", of the
 * empty seed.
 *
 * The workers of a block are shuffled over its clients, from the top down: all arrangements are equally likely, as they
 * are in a two-stage draw, given how many clients each worker has. Where places are few and the trial drew by them,
 * each client in the order of the ledger gets one of the free workers of the arm with the fewest clients on that day,
 * as in free_places.h. Another course may leave nobody free, if workers come and go: then whoever of the arm is there
 * counts as free, and if nobody is, the client's own worker. */
TEMOIN_MUST_CHECK temoin_status tm_worker_redraws_draw(temoin_context *ctx, const tm_worker_redraws *redraws, int64_t r,
                                                       int32_t *worker);

#endif
