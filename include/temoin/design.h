/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_DESIGN_H
#define TEMOIN_DESIGN_H

#include "temoin/trial.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which arm every unit of a trial got, and with which probability. */
typedef struct temoin_assignment temoin_assignment;

/** Draws the assignment that the plan's design and seed determine, or, for a trial drawn elsewhere, takes it from the
 * column that the plan names.
 *
 * Errors   TEMOIN_ERR_PLAN when the design is unknown or cannot be drawn; TEMOIN_ERR_DATA when providers contradict it.
 * Cost     O(n_units).
 * Cites    README, "How an allocation is drawn".
 */
TEMOIN_MUST_CHECK temoin_status temoin_assignment_draw(temoin_context *context, const temoin_trial *trial,
                                                       const temoin_assignment **out);

/** Lines that warn of what is wrong with the design, and say how many assignments it can make and the smallest p value
 * that a two-sided randomization test of it can be sure to reach, exact, about, or at least so much; where places are
 * few, for those who were not deferred. If probabilities were simulated, a line with their Monte Carlo error. Empty for
 * a trial drawn elsewhere. */
TEMOIN_MUST_CHECK temoin_status temoin_assignment_render_count(temoin_context *context,
                                                               const temoin_assignment *assignment, const char **text,
                                                               size_t *length);

/** Units in an arm (0: the reference); -1 beyond the last arm. */
int64_t temoin_assignment_n_in_arm(const temoin_assignment *assignment, int32_t arm);

/** The name of an arm (0: the reference); NULL beyond the last. */
const char *temoin_assignment_arm_name(const temoin_assignment *assignment, int32_t arm);

/** A line per stratum with its clients and, for each arm, its probability and how many clients it can expect; it says
 * nothing of the draw. */
TEMOIN_MUST_CHECK temoin_status temoin_trial_render_shares(temoin_context *context, const temoin_trial *trial,
                                                           const char **text, size_t *length);

/** Whether temoin drew it, so that there is a ledger. */
bool temoin_assignment_is_drawn(const temoin_assignment *assignment);

/** Clients who found no place when they came (the plan's `capacity`); they are in no arm. */
int64_t temoin_assignment_n_deferred(const temoin_assignment *assignment);

/** How many caseworkers were drawn too, so that there is a ledger of workers; 0: none. */
int32_t temoin_assignment_n_workers(const temoin_assignment *assignment);

#ifdef __cplusplus
}
#endif
#endif
