/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rolling design where places are few. Clients come in their order, on dates.
 *
 * 1. On the day d of an arrival, a worker is there if from <= d < to. A place is taken from the arrival of the client
 * who has it until the day before the exit: exits up to and with day d have freed theirs.
 * 2. Each arm that workers serve and that has a share in the client's stratum must have a free place with a worker who
 * is there. If one has none, the client is *deferred*: nothing is drawn and no random number is taken, whatever the arm
 * would have been, and the design knows nothing of this client.
 * 3. Else the design draws the client's arm, as if only those who were not deferred had come.
 * 4. If the arm is served, the worker is one of those of the arm who are there and have a free place: of those with the
 * fewest clients at that time, in the order of the bytes of their ids, number bounded(how many they are), counted from
 * 0, from the stream with purpose "worker" and the client's id as label. One alone takes no number.
 *
 * Who can be drawn is known before the draw, so the probabilities are those of the design. Nobody's line depends on
 * what happened after that day, so lines never move; an exit entered late, of a day before somebody who was drawn
 * without it, gives another ledger, and whoever enrols is told so.
 *
 * The layer needs of the design only that later units move nobody before them. It draws all who may still come, goes on
 * to the first who must be deferred, leaves that unit out, and draws again when the next unit can be drawn.
 */
#ifndef TM_FREE_PLACES_H
#define TM_FREE_PLACES_H

#include "designs/design_kind.h"
#include "designs/worker_draw.h"

/* arm and probability [n_units]: -1 and NaN for who is deferred. The trial has `capacity`, the design is rolling.
 * Errors: those of the design. */
TEMOIN_MUST_CHECK temoin_status tm_free_places_draw(temoin_context *ctx, const temoin_trial *trial,
                                                    const tm_design *design, const tm_design_units *units, int32_t *arm,
                                                    double *probability, const tm_worker_draw **out);

#endif
