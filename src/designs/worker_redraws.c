/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/worker_redraws.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numeric/stream.h"

/* Sites that workers belong to: [n_units], -1 not known, *n of them; NULL: one. */
static const int32_t *find_sites(const temoin_trial *trial, bool by_strata, int32_t *n)
{
    const char *name = trial->plan->providers.site;
    const temoin_column *column = name ? temoin_frame_find(trial->clients, name) : NULL;
    *n = by_strata ? trial->n_strata : column ? column->n_levels : 1;
    return by_strata ? trial->stratum : column ? column->code : NULL;
}

static temoin_status sort_blocks(temoin_context *ctx, const int32_t *site, int32_t n_sites, tm_worker_redraws *r)
{
    const temoin_trial *trial = r->assignment->trial;
    int64_t *next;
    r->n_blocks = trial->n_arms * (n_sites + 1); /* the last of each arm: of clients whose site is not known */
    TM_SCRATCH(ctx, r->block, trial->n_units);
    TM_SCRATCH(ctx, r->member, trial->n_units);
    TM_SCRATCH(ctx, r->from, r->n_blocks + 1);
    TM_SCRATCH(ctx, next, r->n_blocks);
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t arm = r->assignment->arm[u], s = site ? site[u] : 0;
        r->block[u] = arm < 0 || r->worker[u] < 0 ? -1 : arm * (n_sites + 1) + (s < 0 ? n_sites : s);
        if (r->block[u] >= 0) r->from[r->block[u] + 1]++;
    }
    for (int32_t b = 0; b < r->n_blocks; b++) {
        r->from[b + 1] += r->from[b];
        next[b] = r->from[b];
    }
    for (int64_t u = 0; u < trial->n_units; u++)
        if (r->block[u] >= 0) r->member[next[r->block[u]]++] = u;
    return TEMOIN_OK;
}

typedef struct leaver {
    double exit;
    int64_t unit;
} leaver;

static int by_exit(const void *a, const void *b)
{
    const leaver *x = a, *y = b;
    if (x->exit != y->exit) return x->exit < y->exit ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static temoin_status sort_leavers(temoin_context *ctx, tm_worker_redraws *r)
{
    const temoin_trial *trial = r->assignment->trial;
    leaver *list;
    TM_SCRATCH(ctx, list, trial->n_units);
    TM_SCRATCH(ctx, r->leaver, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) list[u] = (leaver){trial->capacity->exit[u], u};
    qsort(list, (size_t)trial->n_units, sizeof *list, by_exit);
    for (int64_t u = 0; u < trial->n_units; u++) r->leaver[u] = list[u].unit;
    return TEMOIN_OK;
}

temoin_status tm_worker_redraws_build(temoin_context *ctx, const temoin_assignment *assignment, tm_worker_redraws *out)
{
    const temoin_trial *trial = assignment->trial;
    int32_t n_sites;
    *out = (tm_worker_redraws){.assignment = assignment};
    out->worker = tm_assignment_provider(assignment, &out->n_workers);
    out->known = assignment->workers && out->worker == assignment->workers->worker;
    out->by_places = out->known && trial->capacity;
    const int32_t *site = find_sites(trial, out->known && !trial->capacity, &n_sites);
    TM_TRY(sort_blocks(ctx, out->by_places ? NULL : site, n_sites, out));
    return out->by_places ? sort_leavers(ctx, out) : TEMOIN_OK;
}

static void shuffle_block(const tm_worker_redraws *r, int32_t b, tm_pcg64 *stream, int32_t *worker)
{
    const int64_t *member = r->member + r->from[b];
    for (int64_t k = r->from[b + 1] - r->from[b] - 1; k > 0; k--) {
        const int64_t other = (int64_t)tm_pcg64_bounded(stream, (uint64_t)k + 1);
        const int32_t kept = worker[member[k]];
        worker[member[k]] = worker[member[other]];
        worker[member[other]] = kept;
    }
}

/* The days go by. */
typedef struct walk {
    const tm_worker_redraws *redraws;
    const tm_capacity *capacity;
    tm_pcg64 stream;
    int32_t *worker; /* [n_units] */
    int64_t *load;   /* [n_workers] */
    bool *has_place; /* [n_units] */
    int64_t n_left;
} walk;

static void free_places(walk *k, double day)
{
    const int64_t n = k->redraws->assignment->trial->n_units;
    for (; k->n_left < n && k->capacity->exit[k->redraws->leaver[k->n_left]] <= day; k->n_left++) {
        const int64_t u = k->redraws->leaver[k->n_left];
        if (k->has_place[u]) k->load[k->worker[u]]--;
        k->has_place[u] = false;
    }
}

static bool can_take(const walk *k, int32_t w, int32_t arm, double day, bool beyond)
{
    const tm_capacity *c = k->capacity;
    return c->arm[w] == arm && c->from[w] <= day && day < c->to[w] && (beyond || k->load[w] < c->places[w]);
}

/* Of those with the fewest clients; -1: nobody. */
static int32_t choose_worker(walk *k, int32_t arm, double day, bool beyond)
{
    const int32_t n_workers = k->redraws->n_workers;
    int64_t least = INT64_MAX, n = 0, at = 0;
    int32_t w = 0;
    for (w = 0; w < n_workers; w++)
        if (can_take(k, w, arm, day, beyond) && k->load[w] < least) least = k->load[w];
    for (w = 0; w < n_workers; w++) n += can_take(k, w, arm, day, beyond) && k->load[w] == least;
    if (n == 0) return -1;
    if (n > 1) at = (int64_t)tm_pcg64_bounded(&k->stream, (uint64_t)n);
    for (w = 0; !can_take(k, w, arm, day, beyond) || k->load[w] != least || at-- > 0; w++) continue;
    return w;
}

static temoin_status walk_places(temoin_context *ctx, walk *k)
{
    const temoin_assignment *assignment = k->redraws->assignment;
    const int64_t n_units = assignment->trial->n_units;
    TM_SCRATCH(ctx, k->load, k->redraws->n_workers);
    TM_SCRATCH(ctx, k->has_place, n_units);
    for (int64_t i = 0; i < n_units; i++) {
        const int64_t u = assignment->order ? assignment->order[i] : i;
        const double day = k->capacity->arrival[u];
        if (k->redraws->block[u] < 0) continue;
        free_places(k, day);
        int32_t w = choose_worker(k, assignment->arm[u], day, false);
        if (w < 0) w = choose_worker(k, assignment->arm[u], day, true);
        if (w >= 0) k->worker[u] = w;
        if (k->capacity->exit[u] <= day) continue;
        k->load[k->worker[u]]++;
        k->has_place[u] = true;
    }
    return TEMOIN_OK;
}

temoin_status tm_worker_redraws_draw(temoin_context *ctx, const tm_worker_redraws *redraws, int64_t r, int32_t *worker)
{
    const temoin_trial *trial = redraws->assignment->trial;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    walk k = {.redraws = redraws, .capacity = trial->capacity, .worker = worker};
    temoin_status status = TEMOIN_OK;
    char purpose[48];
    snprintf(purpose, sizeof purpose, "clients-of-workers/%" PRId64, r);
    tm_stream_init(&k.stream, trial->plan->id, "", purpose, "");
    memcpy(worker, redraws->worker, (size_t)trial->n_units * sizeof *worker);
    if (redraws->by_places)
        status = walk_places(ctx, &k);
    else
        for (int32_t b = 0; b < redraws->n_blocks; b++) shuffle_block(redraws, b, &k.stream, worker);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}
