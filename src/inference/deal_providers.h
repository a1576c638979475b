/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caseworkers who serve one arm only go with the arm: who is drawn into another arm is served by another caseworker. */
#ifndef TM_DEAL_PROVIDERS_H
#define TM_DEAL_PROVIDERS_H

#include "designs/redraws.h"

typedef struct tm_provider_places {
    const temoin_trial *trial;
    const int32_t *provider; /* [n_units] as it was, -1: nobody */
    int32_t n_providers;
    const int32_t *arm; /* [n_units] as it was */
    int64_t *from;      /* [n_arms * n_strata + 1] first place of each cell of arm and stratum */
    int32_t *place;     /* [units with an arm] the provider of each place */
} tm_provider_places;

/* Whether caseworkers serve one arm only and the draw can part clients of the same one. */
TEMOIN_MUST_CHECK temoin_status tm_providers_move(temoin_context *ctx, const tm_redraws *redraws, bool *move);

/* In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_provider_places_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                         tm_provider_places *out);

/* provider [n_units] for the arms of draw d: in each cell the places are shuffled (stream "providers/r", r = d + 1, one
 * for all cells) and taken by the cell's clients in canonical order; clients for whom the cell has no place left take
 * one that another stratum of the arm has left over, and if there is none, share a place of the arm. -1: nobody. */
TEMOIN_MUST_CHECK temoin_status tm_provider_places_deal(temoin_context *ctx, const tm_provider_places *places,
                                                        int64_t d, const int32_t *arm, int32_t *provider);

#endif
