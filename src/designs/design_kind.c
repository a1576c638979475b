/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/design_kind.h"

#include <string.h>

const tm_design *tm_design_find(const char *key)
{
    for (int d = 0; d < tm_n_designs; d++)
        if (strcmp(tm_designs[d]->key, key) == 0) return tm_designs[d];
    return NULL;
}
