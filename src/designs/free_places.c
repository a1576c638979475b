/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/free_places.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "designs/remaining_units.h"

typedef struct leaver {
    double exit;
    int64_t unit;
} leaver;

typedef struct walk {
    const temoin_trial *trial;
    const tm_design *design;
    const tm_design_units *units;
    bool *deferred;  /* [n_units] */
    leaver *leaver;  /* [n_units] by exit */
    int64_t n_left;  /* of them, up to the day */
    int64_t *load;   /* [n_workers] clients at the time */
    bool *served;    /* [n_arms] by some worker */
    bool *has_place; /* [n_units] came before, and takes a place */
    int32_t *drawn;  /* [n_units] the design's arms for all who are not deferred */
    bool stale;      /* `drawn` is older than `deferred` */
    int32_t *worker; /* [n_units] -1: none */
    double *chance;
    int64_t *open, *places; /* [n_units] */
} walk;

static int by_exit(const void *a, const void *b)
{
    const leaver *x = a, *y = b;
    if (x->exit != y->exit) return x->exit < y->exit ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static bool is_there(const tm_capacity *c, int32_t w, double day)
{
    return c->from[w] <= day && day < c->to[w];
}

/* Arms, and with `probability` their chances, of all who are not deferred. */
static temoin_status draw_rest(temoin_context *ctx, walk *k, double *probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_design_units rest;
    int64_t *member;
    int32_t *arm;
    double *chance, error;
    TM_TRY(tm_remaining_units_build(ctx, k->units, k->deferred, &rest, &member));
    TM_SCRATCH(ctx, arm, rest.n_units);
    TM_SCRATCH(ctx, chance, rest.n_units);
    if (rest.n_units > 0) TM_TRY(k->design->draw(ctx, &rest, arm));
    if (rest.n_units > 0 && probability) TM_TRY(k->design->received(ctx, &rest, arm, chance, &error));
    for (int64_t u = 0; u < k->units->n_units; u++) {
        k->drawn[u] = -1;
        if (probability) probability[u] = NAN;
    }
    for (int64_t i = 0; i < rest.n_units; i++) {
        assert(!k->has_place[member[i]] || k->worker[member[i]] < 0 ||
               k->trial->capacity->arm[k->worker[member[i]]] == arm[i]); /* nobody moves */
        k->drawn[member[i]] = arm[i];
        if (probability) probability[member[i]] = chance[i];
    }
    k->stale = false;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static void free_places(walk *k, double day)
{
    for (; k->n_left < k->units->n_units && k->leaver[k->n_left].exit <= day; k->n_left++) {
        const int64_t u = k->leaver[k->n_left].unit;
        if (k->has_place[u] && k->worker[u] >= 0) k->load[k->worker[u]]--;
        k->has_place[u] = false;
    }
}

static void count_places(const walk *k, int32_t a, double day, int64_t *open, int64_t *places)
{
    const tm_capacity *c = k->trial->capacity;
    *open = *places = 0;
    for (int32_t w = 0; w < k->trial->workers->n; w++) {
        if (c->arm[w] != a || !is_there(c, w, day)) continue;
        *open += k->load[w];
        *places += c->places[w];
    }
}

/* Whether all arms that are served and possible have a free place; open and places of the one that has the fewest. */
static bool can_be_drawn(walk *k, int64_t u, double day)
{
    const int32_t n_arms = k->units->n_arms;
    const int64_t *share = k->units->shares + (int64_t)k->units->stratum[u] * n_arms;
    int64_t least = INT64_MAX;
    k->open[u] = k->places[u] = 0;
    for (int32_t a = 0; a < n_arms; a++) {
        int64_t open, places;
        if (!k->served[a] || share[a] == 0) continue;
        count_places(k, a, day, &open, &places);
        if (places - open >= least) continue;
        least = places - open;
        k->open[u] = open;
        k->places[u] = places;
    }
    return least > 0;
}

static bool is_free(const walk *k, int32_t w, int32_t a, double day)
{
    const tm_capacity *c = k->trial->capacity;
    return c->arm[w] == a && is_there(c, w, day) && k->load[w] < c->places[w];
}

static void choose_worker(walk *k, int64_t u, double day)
{
    const int32_t a = k->drawn[u], n_workers = k->trial->workers->n;
    int64_t least = INT64_MAX, n = 0, at = 0;
    for (int32_t w = 0; w < n_workers; w++)
        if (is_free(k, w, a, day) && k->load[w] < least) least = k->load[w];
    for (int32_t w = 0; w < n_workers; w++) n += is_free(k, w, a, day) && k->load[w] == least;
    assert(n > 0);
    if (n > 1) {
        tm_pcg64 stream;
        tm_design_stream(k->units, &stream, "worker", k->units->id[u]);
        at = (int64_t)tm_pcg64_bounded(&stream, (uint64_t)n);
    }
    int32_t w = 0;
    while (!is_free(k, w, a, day) || k->load[w] != least || at-- > 0) w++;
    k->worker[u] = w;
    k->chance[u] = 1 / (double)n;
    if (k->trial->capacity->exit[u] <= day) return; /* gone on the day of coming */
    k->load[w]++;
    k->has_place[u] = true;
}

static temoin_status take_turn(temoin_context *ctx, walk *k, int64_t u)
{
    const double day = k->trial->capacity->arrival[u];
    free_places(k, day);
    if (!can_be_drawn(k, u, day)) {
        k->deferred[u] = k->stale = true;
        return TEMOIN_OK;
    }
    if (k->stale) TM_TRY(draw_rest(ctx, k, NULL));
    if (k->served[k->drawn[u]]) choose_worker(k, u, day);
    return TEMOIN_OK;
}

static temoin_status begin(temoin_context *ctx, walk *k)
{
    const int64_t n = k->units->n_units;
    const tm_capacity *c = k->trial->capacity;
    TM_ALLOC(ctx, k->deferred, n);
    TM_ALLOC(ctx, k->worker, n);
    TM_ALLOC(ctx, k->chance, n);
    TM_ALLOC(ctx, k->open, n);
    TM_ALLOC(ctx, k->places, n);
    TM_SCRATCH(ctx, k->leaver, n);
    TM_SCRATCH(ctx, k->has_place, n);
    TM_SCRATCH(ctx, k->drawn, n);
    TM_SCRATCH(ctx, k->load, k->trial->workers->n);
    TM_SCRATCH(ctx, k->served, k->units->n_arms);
    for (int64_t u = 0; u < n; u++) {
        k->leaver[u] = (leaver){c->exit[u], u};
        k->worker[u] = -1;
        k->chance[u] = NAN;
    }
    qsort(k->leaver, (size_t)n, sizeof *k->leaver, by_exit);
    for (int32_t w = 0; w < k->trial->workers->n; w++) k->served[c->arm[w]] = true;
    k->stale = true;
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, walk *k, int32_t *arm, double *probability, const tm_worker_draw **out)
{
    tm_worker_draw *made;
    TM_ALLOC(ctx, made, 1);
    TM_TRY(begin(ctx, k));
    for (int64_t i = 0; i < k->units->n_units; i++) TM_TRY(take_turn(ctx, k, k->units->arrival[i]));
    TM_TRY(draw_rest(ctx, k, probability));
    for (int64_t u = 0; u < k->units->n_units; u++) arm[u] = k->drawn[u];
    *made = (tm_worker_draw){
        .worker = k->worker, .chance = k->chance, .deferred = k->deferred, .open = k->open, .places = k->places};
    *out = made;
    return TEMOIN_OK;
}

temoin_status tm_free_places_draw(temoin_context *ctx, const temoin_trial *trial, const tm_design *design,
                                  const tm_design_units *units, int32_t *arm, double *probability,
                                  const tm_worker_draw **out)
{
    walk k = {.trial = trial, .design = design, .units = units};
    assert(design->rolling); /* only those take `arrival`, which `capacity` needs */
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw(ctx, &k, arm, probability, out);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}
