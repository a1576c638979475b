/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/caseload_peaks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Somebody comes or leaves. */
typedef struct event {
    double day;
    int32_t provider, arm;
    int change;
} event;

/* By worker and arm; on a day, places are freed before they are taken. */
static int by_day(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->provider != y->provider) return x->provider < y->provider ? -1 : 1;
    if (x->arm != y->arm) return x->arm < y->arm ? -1 : 1;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    return x->change - y->change;
}

static temoin_status list_events(temoin_context *ctx, const temoin_assignment *assignment, const int32_t *provider,
                                 event **out, int64_t *n)
{
    const temoin_trial *trial = assignment->trial;
    const tm_capacity *c = trial->capacity;
    TM_SCRATCH(ctx, *out, 2 * trial->n_units);
    *n = 0;
    for (int64_t u = 0; u < trial->n_units; u++) {
        if (provider[u] < 0 || assignment->arm[u] < 0 || c->exit[u] <= c->arrival[u]) continue;
        (*out)[(*n)++] = (event){c->arrival[u], provider[u], assignment->arm[u], 1};
        if (isfinite(c->exit[u])) (*out)[(*n)++] = (event){c->exit[u], provider[u], assignment->arm[u], -1};
    }
    qsort(*out, (size_t)*n, sizeof **out, by_day);
    return TEMOIN_OK;
}

/* peak [n_providers * n_arms]. */
static void find_peaks(const event *events, int64_t n, int32_t n_arms, int64_t *peak)
{
    int64_t at = 0;
    for (int64_t k = 0; k < n; k++) {
        const event *e = &events[k];
        if (k > 0 && (e->provider != e[-1].provider || e->arm != e[-1].arm)) at = 0;
        int64_t *most = &peak[(int64_t)e->provider * n_arms + e->arm];
        at += e->change;
        *most = at > *most ? at : *most;
    }
}

static int32_t find_text(const char *text, const char *const *texts, int32_t n)
{
    for (int32_t k = 0; k < n; k++)
        if (strcmp(text, texts[k]) == 0) return k;
    return -1;
}

temoin_status tm_caseload_peaks_find(temoin_context *ctx, const temoin_assignment *assignment, temoin_caseload *loads,
                                     int64_t n)
{
    const temoin_trial *trial = assignment->trial;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t n_providers;
    const int32_t *provider = tm_assignment_provider(assignment, &n_providers);
    const char *const *text = trial->provider ? trial->provider_text : trial->capacity ? trial->workers->id : NULL;
    event *events;
    int64_t n_events = 0, *peak;
    for (int64_t k = 0; k < n; k++) loads[k].places = loads[k].peak = -1;
    if (!trial->capacity || !provider) return TEMOIN_OK;
    TM_TRY(list_events(ctx, assignment, provider, &events, &n_events));
    TM_SCRATCH(ctx, peak, (int64_t)n_providers * trial->n_arms);
    find_peaks(events, n_events, trial->n_arms, peak);
    for (int64_t k = 0; k < n; k++) {
        const int32_t worker = find_text(loads[k].provider, trial->workers->id, trial->workers->n),
                      p = find_text(loads[k].provider, text, n_providers);
        if (worker < 0 || p < 0) continue;
        loads[k].places = trial->capacity->places[worker];
        loads[k].peak = peak[(int64_t)p * trial->n_arms + loads[k].arm];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
