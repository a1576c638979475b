/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/design_kind.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "numeric/stream.h"

const tm_design *tm_design_find(const char *key)
{
    for (int d = 0; d < tm_n_designs; d++)
        if (strcmp(tm_designs[d]->key, key) == 0) return tm_designs[d];
    return NULL;
}

void tm_design_stream(const tm_design_units *units, tm_pcg64 *rng, const char *purpose, const char *label)
{
    const char *prefix = units->purpose_prefix ? units->purpose_prefix : "";
    char name[96], redraw[32] = "";
    if (units->replicate > 0) snprintf(redraw, sizeof redraw, "/%" PRId64, units->replicate);
    const int length = snprintf(name, sizeof name, "%s%s%s", prefix, purpose, redraw);
    assert(length > 0 && (size_t)length < sizeof name);
    (void)length;
    tm_stream_init(rng, units->trial_id, units->seed, name, label);
}
