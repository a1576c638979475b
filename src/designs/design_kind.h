/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How arms are drawn. To add a design:
 *
 *   1. src/designs/KEY.c with `const tm_design tm_design_KEY = {.key = "KEY", …}`;
 *   2. KEY in the list of src/designs/meson.build.
 *
 * Help, `temoin list designs`, the plan's `design.kind` and the contract tests follow. An algorithm never changes under
 * its key: a better one gets a new key.
 */
#ifndef TM_DESIGN_KIND_H
#define TM_DESIGN_KIND_H

#include "base/failure.h"

/* Who is drawn: units in canonical order (bytes of their ids), strata in the order of their canonical text's bytes. */
typedef struct tm_design_units {
    int64_t n_units;
    int32_t n_arms;
    int32_t n_strata;
    const int32_t *stratum;          /* [n_units]; NULL: one stratum */
    const char *const *stratum_text; /* [n_strata] canonical text; "" for the one stratum of a design without strata */
    const int64_t *shares;           /* [n_strata * n_arms] integer shares of each stratum */
    const char *trial_id, *seed;
} tm_design_units;

typedef struct tm_design {
    const char *key, *title, *cites;
    /* arm [n_units], each in 0 … n_arms - 1. The same for the same units, whatever happened before.
     * Errors   TEMOIN_ERR_PLAN: shares that cannot be honoured exactly; strata where the design has none. */
    temoin_status (*draw)(temoin_context *ctx, const tm_design_units *units, int32_t *arm);
    /* probability [n_strata * n_arms]: exact chance of each arm for every unit of the stratum. */
    temoin_status (*probability)(temoin_context *ctx, const tm_design_units *units, double *probability);
} tm_design;

extern const tm_design *const tm_designs[];
extern const int tm_n_designs;

/* NULL when no design has that key. */
const tm_design *tm_design_find(const char *key);

#endif
