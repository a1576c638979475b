/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/provider_changes.h"

#include <string.h>

int64_t tm_provider_changes_count(const temoin_assignment *assignment)
{
    const temoin_trial *trial = assignment->trial;
    int32_t n_providers;
    const int32_t *provider = tm_assignment_provider(assignment, &n_providers);
    const char *const *text = trial->provider ? trial->provider_text : trial->workers ? trial->workers->id : NULL;
    int64_t n_changed = 0;
    if (!trial->over_time) return -1;
    for (int64_t u = 0; u < trial->n_units; u++) {
        const char *first = provider && provider[u] >= 0 ? text[provider[u]] : NULL;
        bool changed = false;
        for (int32_t w = 0; w < trial->n_waves; w++) {
            const int32_t code = trial->over_time[(int64_t)w * trial->n_units + u];
            const char *here = code < 0 ? first : trial->over_time_text[code];
            changed = changed || (first && strcmp(here, first) != 0);
            first = first ? first : here;
        }
        n_changed += changed && assignment->arm[u] >= 0;
    }
    return n_changed;
}
