/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_PLAN_H
#define TEMOIN_PLAN_H

#include "temoin/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A trial's plan, read and checked against format 1 (see the README's "The plan"). */
typedef struct temoin_plan temoin_plan;

/** Reads a plan file (YAML).
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_PLAN with up to twenty problems, each with line: YAML that does not parse, an
 *          unknown key (the nearest known one is named), a missing key, a value of the wrong kind, a name used twice,
 *          a reference to an arm, measure or estimate that the plan does not declare.
 */
TEMOIN_MUST_CHECK temoin_status temoin_plan_read(temoin_context *context, const char *path, const temoin_plan **out);

/** The trial's id: names the default output folder. */
const char *temoin_plan_id(const temoin_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
