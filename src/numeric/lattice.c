/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/lattice.h"

#include <math.h>

#include "kernels/kernels.h"
#include "numeric/counting.h"

enum { LARGEST_TABLE = 1 << 22 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

typedef struct urn {
    int64_t population, marked, m;
} urn;

/* p(x + 1) / p(x) */
static double ratio(const urn *u, int64_t x)
{
    return (double)(u->marked - x) * (double)(u->m - x) /
           ((double)(x + 1) * (double)(u->population - u->marked - u->m + x + 1));
}

/* From the mode outwards, where it is 1, so that nothing overflows and what is small is small. */
temoin_status tm_hypergeometric_build(temoin_context *ctx, int64_t population, int64_t marked, int64_t m, double cut,
                                      tm_lattice *out)
{
    const urn u = {population, marked, m};
    const int64_t lowest = larger(0, m + marked - population), highest = smaller(m, marked);
    const double at = ((double)m + 1) * ((double)marked + 1) / ((double)population + 2);
    const int64_t mode = larger(lowest, smaller(highest, (int64_t)at));
    double p = 1, sum = 1;
    int64_t low = mode, high = mode;
    while (high < highest && p > cut) sum += p *= ratio(&u, high++);
    for (p = 1; low > lowest && p > cut;) sum += p /= ratio(&u, --low);
    *out = (tm_lattice){low, 1, high - low + 1, NULL};
    TM_SCRATCH(ctx, out->p, out->n);
    double *centre = out->p + (mode - low);
    *centre = 1 / sum;
    for (int64_t x = mode; x < high; x++) centre[x + 1 - mode] = centre[x - mode] * ratio(&u, x);
    for (int64_t x = mode; x > low; x--) centre[x - 1 - mode] = centre[x - mode] / ratio(&u, x - 1);
    return TEMOIN_OK;
}

/* For every number c of units drawn so far, the distribution of their sum: p[i] that of low + i. */
typedef struct row {
    int64_t low, n;
    double *p;
} row;

typedef struct summing {
    row *rows;         /* [n_drawn + 1] n = 0: not reached */
    tm_lattice *drawn; /* [n_drawn + 1] how many of the value at hand are drawn after c */
    int64_t n_drawn;
    double work, limit, cut;
    tm_arena room[2]; /* of the rows that are and those that will be, in turn */
    int now;
} summing;

/* How many of the value are drawn, for every c that is reached. */
static temoin_status build_steps(temoin_context *ctx, summing *s, int64_t left, int64_t count)
{
    for (int64_t c = 0; c <= s->n_drawn && s->work <= s->limit; c++) {
        if (!s->rows[c].n) continue;
        TM_TRY(tm_hypergeometric_build(ctx, left, count, s->n_drawn - c, s->cut, &s->drawn[c]));
        s->work += (double)s->rows[c].n * (double)s->drawn[c].n;
    }
    return TEMOIN_OK;
}

/* Finds where the next rows begin and end, and makes them, empty; *fits is false where they are too long. */
static temoin_status open_rows(temoin_context *ctx, summing *s, int64_t value, row **out, bool *fits)
{
    tm_arena *room = &s->room[1 - s->now];
    double n_entries = 0;
    tm_arena_free(room);
    row *next = tm_arena_take(room, s->n_drawn + 1, sizeof *next);
    if (!next) return tm_fail_memory(ctx);
    for (int64_t c = 0; c <= s->n_drawn; c++) {
        const row *from = &s->rows[c];
        for (int64_t i = 0; from->n && i < s->drawn[c].n; i++) {
            const int64_t x = s->drawn[c].first + i, low = from->low + x * value, high = low + from->n - 1;
            row *to = &next[c + x];
            const int64_t end = to->n ? larger(to->low + to->n - 1, high) : high;
            to->low = to->n ? smaller(to->low, low) : low;
            to->n = end - to->low + 1;
        }
    }
    for (int64_t c = 0; c <= s->n_drawn; c++) n_entries += (double)next[c].n;
    *fits = n_entries <= LARGEST_TABLE;
    for (int64_t c = 0; c <= s->n_drawn && *fits; c++) {
        if (next[c].n) next[c].p = tm_arena_take(room, next[c].n, sizeof *next[c].p);
        if (next[c].n && !next[c].p) return tm_fail_memory(ctx);
    }
    *out = next;
    return TEMOIN_OK;
}

/* Takes the ends of a row off that are below the cut; an empty row is not reached. */
static void trim(row *r, double cut)
{
    while (r->n && r->p[r->n - 1] <= cut) r->n--;
    while (r->n && r->p[0] <= cut) r->p++, r->low++, r->n--;
}

/* One value more; `left` units are not taken yet, `count` of them have it. */
static temoin_status take_value(temoin_context *ctx, summing *s, int64_t left, int64_t count, int64_t value, bool *fits)
{
    row *next = NULL;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_TRY(build_steps(ctx, s, left, count));
    *fits = s->work <= s->limit;
    if (*fits) TM_TRY(open_rows(ctx, s, value, &next, fits));
    if (!*fits) return TEMOIN_OK;
    for (int64_t c = 0; c <= s->n_drawn; c++) {
        const row *from = &s->rows[c];
        for (int64_t i = 0; from->n && i < s->drawn[c].n; i++) {
            const int64_t x = s->drawn[c].first + i;
            row *to = &next[c + x];
            ctx->kernels->axpy(s->drawn[c].p[i], from->p, to->p + (from->low + x * value - to->low), from->n);
        }
    }
    for (int64_t c = 0; c <= s->n_drawn; c++) trim(&next[c], s->cut * 1e-3);
    s->rows = next;
    s->now = 1 - s->now;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Units that are not taken yet all have the value `rest`: add up over c. */
static temoin_status finish_sum(temoin_context *ctx, const summing *s, int64_t rest, tm_lattice *out)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int64_t c = 0; c <= s->n_drawn; c++) {
        const row *r = &s->rows[c];
        if (!r->n) continue;
        low = smaller(low, r->low + (s->n_drawn - c) * rest);
        high = larger(high, r->low + r->n - 1 + (s->n_drawn - c) * rest);
    }
    *out = (tm_lattice){low, 1, high - low + 1, NULL};
    TM_SCRATCH(ctx, out->p, out->n);
    for (int64_t c = 0; c <= s->n_drawn; c++) {
        const row *r = &s->rows[c];
        if (r->n) ctx->kernels->axpy(1, r->p, out->p + (r->low + (s->n_drawn - c) * rest - low), r->n);
    }
    return TEMOIN_OK;
}

/* Values less their smallest, in units of the greatest common divisor of what is left: shorter tables. */
static temoin_status shorten(temoin_context *ctx, const tm_block_values *block, int64_t **value, int64_t *unit)
{
    TM_SCRATCH(ctx, *value, block->n);
    *unit = 0;
    for (int32_t v = 0; v < block->n; v++) *unit = tm_common_divisor(block->value[v] - block->value[0], *unit);
    if (!*unit) *unit = 1;
    for (int32_t v = 0; v < block->n; v++) (*value)[v] = (block->value[v] - block->value[0]) / *unit;
    return TEMOIN_OK;
}

static temoin_status sum_block(temoin_context *ctx, summing *s, const tm_block_values *block, tm_lattice *out,
                               bool *fits)
{
    int64_t *value, unit = 1, left = 0;
    int32_t commonest = 0;
    TM_TRY(shorten(ctx, block, &value, &unit));
    TM_SCRATCH(ctx, s->rows, s->n_drawn + 1);
    TM_SCRATCH(ctx, s->drawn, s->n_drawn + 1);
    TM_SCRATCH(ctx, s->rows[0].p, 1);
    s->rows[0].n = 1;
    s->rows[0].p[0] = 1;
    for (int32_t v = 0; v < block->n; v++) {
        left += block->count[v];
        if (block->count[v] > block->count[commonest]) commonest = v;
    }
    for (int32_t v = 0; v < block->n && *fits; v++) {
        if (v == commonest) continue;
        TM_TRY(take_value(ctx, s, left, block->count[v], value[v], fits));
        left -= block->count[v];
    }
    if (!*fits) return TEMOIN_OK;
    TM_TRY(finish_sum(ctx, s, value[commonest], out));
    out->first = out->first * unit + s->n_drawn * block->value[0];
    out->step = unit;
    return TEMOIN_OK;
}

temoin_status tm_block_sum_build(temoin_context *ctx, const tm_block_values *block, double cut, double limit,
                                 tm_lattice *out, bool *fits)
{
    summing s = {.n_drawn = block->n_drawn, .limit = limit, .cut = cut};
    *fits = true;
    const temoin_status status = sum_block(ctx, &s, block, out, fits);
    tm_arena_free(&s.room[0]);
    tm_arena_free(&s.room[1]);
    return status;
}

/* Two of them: out[i] is that of a step of `step`. */
static temoin_status add_two(temoin_context *ctx, const tm_lattice *a, const tm_lattice *b, int64_t step, double cut,
                             tm_lattice *out)
{
    const tm_lattice *taps = a->n < b->n ? a : b, *wide = a->n < b->n ? b : a;
    const int64_t tap_step = taps->step / step, wide_step = wide->step / step;
    row r = {0, (taps->n - 1) * tap_step + (wide->n - 1) * wide_step + 1, NULL};
    TM_SCRATCH(ctx, r.p, r.n);
    for (int64_t i = 0; i < taps->n; i++) {
        double *to = r.p + i * tap_step;
        if (wide_step == 1)
            ctx->kernels->axpy(taps->p[i], wide->p, to, wide->n);
        else
            for (int64_t j = 0; j < wide->n; j++) to[j * wide_step] += taps->p[i] * wide->p[j];
    }
    trim(&r, cut * 1e-3);
    *out = (tm_lattice){a->first + b->first + r.low * step, step, r.n, r.p};
    return TEMOIN_OK;
}

/* The two shortest to the end: a sum of many is a tree. */
static void shortest_last(tm_lattice *lattices, int32_t n)
{
    for (int32_t end = n - 1; end >= n - 2; end--) {
        int32_t shortest = end;
        for (int32_t k = end - 1; k >= 0; k--)
            if (lattices[k].n < lattices[shortest].n) shortest = k;
        const tm_lattice t = lattices[shortest];
        lattices[shortest] = lattices[end];
        lattices[end] = t;
    }
}

/* A table of one entry goes with any step. */
static int64_t common_step(tm_lattice *a, tm_lattice *b)
{
    if (a->n == 1) a->step = b->step;
    if (b->n == 1) b->step = a->step;
    return tm_common_divisor(a->step, b->step);
}

temoin_status tm_lattices_add(temoin_context *ctx, tm_lattice *lattices, int32_t n, double cut, double limit,
                              tm_lattice *out, bool *fits)
{
    double work = 0;
    *fits = true;
    while (n > 1) {
        shortest_last(lattices, n);
        tm_lattice *a = &lattices[n - 2], *b = &lattices[n - 1];
        const int64_t step = common_step(a, b);
        const double length = (double)a->n * (double)(a->step / step) + (double)b->n * (double)(b->step / step);
        work += (double)a->n * (double)b->n;
        *fits = length <= LARGEST_TABLE && work <= limit;
        if (!*fits) return TEMOIN_OK;
        TM_TRY(add_two(ctx, a, b, step, cut, a));
        n--;
    }
    *out = lattices[0];
    return TEMOIN_OK;
}
