/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers of a two-stage design: their arms, and which of them serves which client. two_stage.c states the rule. */
#ifndef TM_WORKER_DRAW_H
#define TM_WORKER_DRAW_H

#include "base/failure.h"
#include "trial/trial_struct.h"

typedef struct tm_worker_draw {
    const int32_t *arm;        /* [n_workers] */
    const double *probability; /* [n_workers] of that arm */
    const int32_t *worker;     /* [n_units] who serves the client */
    const double *chance;      /* [n_units] of that worker, given everybody's arm */
} tm_worker_draw;

/* arm [n_units]: the clients'. Errors: those of `blocked`. */
TEMOIN_MUST_CHECK temoin_status tm_worker_draw_build(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm,
                                                     const tm_worker_draw **out);

#endif
