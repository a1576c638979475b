/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial as later stages see it. Everything indexed by unit is in canonical order: the units sorted by the bytes of
 * their ids, so that no file's row order can reach a result. */
#ifndef TM_TRIAL_STRUCT_H
#define TM_TRIAL_STRUCT_H

#include "plan/plan_struct.h"
#include "temoin/trial.h"

/* One file that was read: what the bundle copies and digests. */
typedef struct tm_input {
    const char *role; /* "plan", "clients", "workers", "exits", "outcomes" */
    const char *path; /* to open it from here */
    const char *name; /* its last part, for messages and the bundle */
} tm_input;

/* Caseworkers whom the design draws for the arms, in the order of the bytes of their ids. */
typedef struct tm_workers {
    int32_t n;
    const char *const *id;           /* [n] */
    int32_t n_strata;                /* 0: the plan's `capacity` knows no strata of workers */
    const int32_t *stratum;          /* [n] */
    const char *const *stratum_text; /* [n_strata] canonical, in byte order; those of the clients are among them */
    const int64_t *shares;           /* [n_strata * n_arms] */
} tm_workers;

/* Places of workers over time; days since 1970-01-01. A client has a place from the arrival until the day before the
 * exit. */
typedef struct tm_capacity {
    const int32_t *arm;    /* [n_workers] whom each serves */
    const int64_t *places; /* [n_workers] at a time */
    const double *from;    /* [n_workers] first day, -INFINITY: always was there */
    const double *to;      /* [n_workers] first day without the worker, INFINITY: none */
    const double *arrival; /* [n_units] */
    const double *exit;    /* [n_units] INFINITY: none */
} tm_capacity;

struct temoin_trial {
    const temoin_plan *plan;
    int64_t n_units;
    const char *const *id;       /* [n_units] strictly increasing in byte order */
    const temoin_frame *clients; /* every column [n_units] in canonical order; `line` likewise */

    int32_t n_arms;
    const int32_t *assigned; /* [n_units] arm of a trial drawn elsewhere, -1 none; NULL when temoin draws */

    int32_t n_strata;                /* at least 1 */
    const int32_t *stratum;          /* [n_units] */
    const char *const *stratum_text; /* [n_strata] canonical text, in byte order; "" for the only one */
    const int64_t *shares;           /* [n_strata * n_arms] integer shares of each stratum */

    int32_t n_providers;
    const int32_t *provider; /* [n_units] -1: blank; NULL: the plan names no column with providers */
    const char *const *provider_text;
    const tm_workers *workers;   /* NULL: the design draws none */
    const tm_capacity *capacity; /* of the workers; NULL: they, or nobody, have places for all */

    const int32_t *over_time; /* [n_waves * n_units] who serves the client at the wave, -1: not told; NULL: the plan
                                 names no such column */
    const char *const *over_time_text; /* [n_over_time] in byte order */
    int32_t n_over_time;

    int32_t n_waves;
    const char *const *wave; /* [n_waves] by number where all are numbers, else by bytes; "" for a file without waves */
    int32_t n_measures;
    const double *const *value; /* [n_measures * n_waves] → [n_units], NaN missing; NULL: no client has one there */
    const bool *seen;           /* [n_waves * n_units] the client has a row at that wave */

    const tm_input *inputs; /* in the order plan, clients, workers, exits, outcomes… */
    int32_t n_inputs;
};

/* The index of a wave, -1 when absent. */
int32_t tm_trial_find_wave(const temoin_trial *trial, const char *wave);

/* Values of a measure at a wave, [n_units]; NULL: no client has one there. */
const double *tm_trial_value(const temoin_trial *trial, int32_t measure, int32_t wave);

/* A stratum's canonical text with one more value behind it; result arena, NULL when memory is out. */
const char *tm_stratum_text_add(temoin_context *ctx, const char *text, const char *value);

/* Each stratum with shares of its own has a client; where clients come one by one, that need not be so yet.
 * TEMOIN_ERR_PLAN with the lines that name the others. */
TEMOIN_MUST_CHECK temoin_status tm_trial_validate_shares(temoin_context *ctx, const temoin_trial *trial);

/* Providers against the arms that were drawn: `nested` wants one arm per provider, `one_arm` a provider for every unit
 * of the served arm and none elsewhere. TEMOIN_ERR_DATA with the lines that break it. */
TEMOIN_MUST_CHECK temoin_status tm_trial_validate_providers(temoin_context *ctx, const temoin_trial *trial,
                                                            const int32_t *arm);

#endif
