/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each unit for itself, by the shares of its stratum: integers w[a] without common divisor that sum to W. k =
 * bounded(W) from the stream "unit", label the unit's id; the unit gets the first arm a with w[first] + … + w[a] > k.
 * One unit's arm depends on its own id and shares, and on no other unit. */
#include <math.h>

#include "designs/places.h"
#include "numeric/counting.h"
#include "numeric/elementary.h"

static int32_t stratum_of(const tm_design_units *units, int64_t u)
{
    return units->stratum ? units->stratum[u] : 0;
}

static double chance_of(const tm_places *p, int64_t u, int32_t a)
{
    const int32_t s = stratum_of(p->units, u);
    return a < 0 ? 0 : (double)tm_places_share(p, s, a) / (double)p->sum[s];
}

/* The shares; places themselves are not used. */
static temoin_status build(temoin_context *ctx, const tm_design_units *units, tm_design_units *plain, tm_places *p)
{
    *plain = *units;
    plain->options = NULL;
    plain->n_units = 0;
    return tm_places_build(ctx, plain, p);
}

static temoin_status draw_units(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_design_units plain;
    tm_places p;
    TM_TRY(build(ctx, units, &plain, &p));
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t s = stratum_of(units, u);
        tm_pcg64 stream;
        tm_design_stream(units, &stream, "unit", units->id[u]);
        int64_t k = (int64_t)tm_pcg64_bounded(&stream, (uint64_t)p.sum[s]);
        int32_t a = 0;
        while (k >= tm_places_share(&p, s, a)) k -= tm_places_share(&p, s, a++);
        arm[u] = a;
    }
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw_units(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    tm_design_units plain;
    tm_places p;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &plain, &p);
    *error = 0;
    for (int64_t u = 0; status == TEMOIN_OK && u < units->n_units; u++)
        probability[u] = arm[u] < 0 ? NAN : chance_of(&p, u, arm[u]);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* The next larger arm that the unit can get, the first for -1; n_arms: there is none. */
static int32_t next_arm(const tm_places *p, int64_t u, int32_t a)
{
    do a++;
    while (a < p->units->n_arms && tm_places_share(p, stratum_of(p->units, u), a) == 0);
    return a;
}

static temoin_status list_all(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    tm_design_units plain;
    tm_places p;
    int32_t *arm;
    int64_t at = 0;
    TM_TRY(build(ctx, units, &plain, &p));
    TM_SCRATCH(ctx, arm, units->n_units);
    for (int64_t u = 0; u < units->n_units; u++) arm[u] = next_arm(&p, u, -1);
    while (at < units->n_units || units->n_units == 0) {
        double probability = 1;
        for (int64_t u = 0; u < units->n_units; u++) probability *= chance_of(&p, u, arm[u]);
        if (!visit(data, arm, probability) || units->n_units == 0) break;
        for (at = 0; at < units->n_units; at++) {
            arm[at] = next_arm(&p, at, arm[at]);
            if (arm[at] < units->n_arms) break;
            arm[at] = next_arm(&p, at, -1);
        }
    }
    return TEMOIN_OK;
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_all(ctx, units, visit, data);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_design_units plain;
    tm_places p;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &plain, &p);
    *log_count = 0;
    for (int64_t u = 0; status == TEMOIN_OK && u < units->n_units; u++) {
        int32_t n = 0;
        for (int32_t a = next_arm(&p, u, -1); a < units->n_arms; a = next_arm(&p, u, a)) n++;
        *log_count += tm_log(n);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    tm_design_units plain;
    tm_places p;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &plain, &p);
    if (status == TEMOIN_OK)
        *probability = u == v ? (a == b ? chance_of(&p, u, a) : 0) : chance_of(&p, u, a) * chance_of(&p, v, b);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* Each unit in its likeliest arm, and the same with two arms swapped. */
static void find_likeliest(const tm_places *p, const tm_design_units *units, double *log_probability)
{
    double own = 0, mirror = -INFINITY;
    for (int32_t x = 0; x < units->n_arms; x++)
        for (int32_t y = x; y < units->n_arms; y++) {
            double sum = 0;
            bool moved = false;
            for (int64_t u = 0; u < units->n_units; u++) {
                int32_t best = 0;
                for (int32_t a = 1; a < units->n_arms; a++)
                    if (chance_of(p, u, a) > chance_of(p, u, best)) best = a;
                const int32_t a = best == x ? y : best == y ? x : best;
                moved |= a != best;
                sum += tm_log(chance_of(p, u, a));
            }
            if (!moved)
                own = sum;
            else
                mirror = fmax(mirror, sum);
        }
    *log_probability = tm_log_plus(own, mirror);
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_design_units plain;
    tm_places p;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &plain, &p);
    if (status == TEMOIN_OK) find_likeliest(&p, units, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

const tm_design tm_design_simple = {
    .key = "simple",
    .title = "Each unit for itself, by the shares of its stratum (Bernoulli)",
    .cites = "Imbens & Rubin 2015, section 4.2",
    .options = "strata",
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
};
