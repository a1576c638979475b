/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A check looks at a trial beside its effects: who is in it, who stayed, were the arms alike.
 *
 * To add one: write <key>.c with `const tm_check tm_check_<key>`, add the key to this folder's meson.build. */
#ifndef TM_CHECK_KIND_H
#define TM_CHECK_KIND_H

#include "base/failure.h"
#include "designs/assignment_struct.h"
#include "temoin/result.h"

typedef struct tm_check {
    const char *key;
    const char *title_en;
    const char *title_fr;
    const char *cites;
    /* Fills its part of the results; result arena. */
    temoin_status (*run)(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results);
} tm_check;

extern const tm_check *const tm_checks[];
extern const int tm_n_checks;

#endif
