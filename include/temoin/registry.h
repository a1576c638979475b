/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_REGISTRY_H
#define TEMOIN_REGISTRY_H

#include "temoin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One thing that can be asked for by its key. */
typedef struct temoin_entry {
    const char *key;
    const char *title;
    const char *cites; /**< "" without one */
} temoin_entry;

/** Name of a registry ("designs", "estimators", …); NULL beyond the last. */
const char *temoin_registry_name(int registry);

/** The index-th entry of a registry; its key is NULL beyond the last. */
temoin_entry temoin_registry_view(int registry, int index);

#ifdef __cplusplus
}
#endif
#endif
