/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/places.h"

#include <math.h>

#include "designs/stream_chance.h"
#include "numeric/counting.h"

static const int64_t largest_sum = INT64_C(1) << 53;

/* False unless no share is negative and their sum is in 1 … 2^53. */
static bool read_shares(tm_places *p, int32_t s)
{
    const int64_t *share = p->units->shares + (int64_t)s * p->units->n_arms;
    int64_t sum = 0, divisor = 0;
    for (int32_t a = 0; a < p->units->n_arms; a++) {
        if (share[a] < 0 || share[a] > largest_sum - sum) return false;
        sum += share[a];
        divisor = tm_common_divisor(divisor, share[a]);
    }
    if (sum == 0) return false;
    p->divisor[s] = divisor;
    p->sum[s] = sum / divisor;
    return true;
}

static temoin_status read_all_shares(temoin_context *ctx, tm_places *p)
{
    TM_SCRATCH(ctx, p->divisor, p->units->n_strata);
    TM_SCRATCH(ctx, p->sum, p->units->n_strata);
    for (int32_t s = 0; s < p->units->n_strata; s++)
        if (!read_shares(p, s))
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "design: stratum \"%s\": the shares of its arms must not be negative and must sum to more than 0 and, "
                "as whole numbers, to at most 2^53; correct the shares of that stratum",
                p->units->stratum_text[s]);
    return TEMOIN_OK;
}

static temoin_status measure_strata(temoin_context *ctx, tm_places *p)
{
    const tm_design_units *units = p->units;
    TM_SCRATCH(ctx, p->start, (int64_t)units->n_strata + 1);
    for (int64_t u = 0; u < units->n_units; u++) p->start[(units->stratum ? units->stratum[u] : 0) + 1]++;
    for (int32_t s = 0; s < units->n_strata; s++) p->start[s + 1] += p->start[s];
    return TEMOIN_OK;
}

/* The sure places of a stratum; returns how many units are left. */
static int64_t give_sure_places(tm_places *p, int32_t s)
{
    const int64_t n = tm_places_size(p, s);
    int64_t left = n;
    for (int32_t a = 0; a < p->units->n_arms; a++) {
        const int64_t share = tm_places_share(p, s, a), i = (int64_t)s * p->units->n_arms + a;
        p->base[i] = p->misfit->in_blocks ? n / p->sum[s] * share
                                          : (int64_t)((tm_uint128)n * (tm_uint128)share / (tm_uint128)p->sum[s]);
        left -= p->base[i];
    }
    return left;
}

static temoin_status divide(temoin_context *ctx, tm_places *p)
{
    const tm_design_units *units = p->units;
    TM_SCRATCH(ctx, p->base, (int64_t)units->n_strata * units->n_arms);
    TM_SCRATCH(ctx, p->row, units->n_strata);
    TM_SCRATCH(ctx, p->left, units->n_strata);
    for (int32_t s = 0; s < units->n_strata; s++) {
        const int64_t left = give_sure_places(p, s);
        if (left == 0) continue;
        p->row[p->n_rows] = s;
        p->left[p->n_rows++] = left;
    }
    TM_SCRATCH(ctx, p->extra, (int64_t)p->n_rows * units->n_arms);
    TM_SCRATCH(ctx, p->rest, (int64_t)p->n_rows * units->n_arms);
    for (int32_t r = 0; r < p->n_rows; r++)
        for (int32_t a = 0; a < units->n_arms; a++) {
            const tm_uint128 product =
                (tm_uint128)tm_places_size(p, p->row[r]) * (tm_uint128)tm_places_share(p, p->row[r], a);
            p->rest[(int64_t)r * units->n_arms + a] = (int64_t)(product % (tm_uint128)p->sum[p->row[r]]);
        }
    return TEMOIN_OK;
}

temoin_status tm_places_build(temoin_context *ctx, const tm_design_units *units, tm_places *p)
{
    *p = (tm_places){.units = units};
    TM_TRY(tm_misfit_choose(ctx, units->options ? units->options->misfits : NULL, &p->misfit));
    TM_TRY(read_all_shares(ctx, p));
    TM_TRY(measure_strata(ctx, p));
    int32_t at;
    p->denominator = tm_places_denominator(p, &at);
    if (p->misfit->check) TM_TRY(p->misfit->check(ctx, p));
    return divide(ctx, p);
}

int64_t tm_places_denominator(const tm_places *p, int32_t *at)
{
    int64_t denominator = 1;
    for (int32_t s = 0; s < p->units->n_strata; s++) {
        if (!tm_places_size(p, s)) continue;
        const int64_t factor = p->sum[s] / tm_common_divisor(p->sum[s], denominator);
        *at = s;
        if (factor > largest_sum / denominator) return 0;
        denominator *= factor;
    }
    return denominator;
}

typedef struct drawing {
    tm_pcg64 stream;
    const tm_design_units *units;
} drawing;

static void begin_stream(void *data, const char *purpose, const char *label)
{
    drawing *d = data;
    tm_design_stream(d->units, &d->stream, purpose, label);
}

/* A counting sort. */
temoin_status tm_places_sort(temoin_context *ctx, const tm_places *p, int64_t **out)
{
    const tm_design_units *units = p->units;
    int64_t *next, *order;
    TM_SCRATCH(ctx, order, units->n_units);
    TM_SCRATCH(ctx, next, units->n_strata);
    for (int32_t s = 0; s < units->n_strata; s++) next[s] = p->start[s];
    for (int64_t u = 0; u < units->n_units; u++) order[next[units->stratum ? units->stratum[u] : 0]++] = u;
    *out = order;
    return TEMOIN_OK;
}

/* Shuffles the stratum's units and gives them the sure places, the extra ones (NULL: none), and then none. */
static void deal_stratum(const tm_places *p, int32_t s, const int64_t *extra, int64_t *unit, int32_t *arm)
{
    const int32_t n_arms = p->units->n_arms;
    const int64_t n = tm_places_size(p, s), *base = p->base + (int64_t)s * n_arms;
    int64_t dealt = 0;
    tm_pcg64 stream;
    tm_design_stream(p->units, &stream, "order", p->units->stratum_text[s]);
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)tm_pcg64_bounded(&stream, (uint64_t)i + 1), swap = unit[i];
        unit[i] = unit[j];
        unit[j] = swap;
    }
    for (int32_t a = 0; a < n_arms; a++)
        for (int64_t k = 0; k < base[a]; k++) arm[unit[dealt++]] = a;
    for (int32_t a = 0; extra && a < n_arms; a++)
        for (int64_t k = 0; k < extra[a]; k++) arm[unit[dealt++]] = a;
    while (dealt < n) arm[unit[dealt++]] = -1;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_places p;
    int64_t *order;
    drawing d = {.units = units};
    TM_TRY(tm_places_build(ctx, units, &p));
    TM_TRY(tm_places_sort(ctx, &p, &order));
    TM_TRY(p.misfit->round(ctx, &p, (tm_chance){begin_stream, tm_stream_rises, tm_stream_takes, &d}));
    for (int32_t s = 0, r = 0; s < units->n_strata; s++) {
        const bool has_extra = r < p.n_rows && p.row[r] == s;
        deal_stratum(&p, s, has_extra ? p.extra + (int64_t)r++ * units->n_arms : NULL, order + p.start[s], arm);
    }
    return TEMOIN_OK;
}

temoin_status tm_places_draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* misfits.h says where each comes from. */
double tm_places_chance(const tm_places *p, int32_t s, int32_t a)
{
    const int64_t n = tm_places_size(p, s);
    if (n == 0) return NAN;
    const double left = (double)(n % p->sum[s]);
    if (a < 0) return p->misfit->deals_out ? 0 : left / (double)n;
    const int64_t share = p->units->shares[(int64_t)s * p->units->n_arms + a];
    if (p->misfit->keeps_shares) return (double)share / ((double)p->sum[s] * (double)p->divisor[s]);
    const double sure = (double)p->base[(int64_t)s * p->units->n_arms + a];
    if (!p->misfit->deals_out) return sure / (double)n;
    int32_t n_open = 0;
    for (int32_t b = 0; b < p->units->n_arms; b++) n_open += tm_places_share(p, s, b) > 0;
    return share > 0 ? (sure + left / n_open) / (double)n : 0;
}

const int64_t *tm_places_row(const tm_places *p, const int64_t *extra, int32_t s)
{
    for (int32_t low = 0, high = p->n_rows; low < high;) {
        const int32_t middle = low + (high - low) / 2;
        if (p->row[middle] == s) return extra + (int64_t)middle * p->units->n_arms;
        if (p->row[middle] < s)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int64_t tm_places_number(const tm_places *p, int32_t s, const int64_t *extra, int32_t a)
{
    const int64_t *base = p->base + (int64_t)s * p->units->n_arms;
    if (a >= 0) return base[a] + (extra ? extra[a] : 0);
    int64_t n = tm_places_size(p, s);
    for (int32_t b = 0; b < p->units->n_arms; b++) n -= base[b] + (extra ? extra[b] : 0);
    return n;
}

double tm_places_log_orders(const tm_places *p, int32_t s, const int64_t *extra)
{
    double sum = tm_log_factorial(tm_places_size(p, s));
    for (int32_t a = -1; a < p->units->n_arms; a++) sum -= tm_log_factorial(tm_places_number(p, s, extra, a));
    return sum;
}

temoin_status tm_places_build_alone(temoin_context *ctx, const tm_places *p, int32_t s, tm_design_units *units,
                                    tm_places *alone)
{
    *units = *p->units;
    units->n_units = tm_places_size(p, s);
    units->n_strata = 1;
    units->stratum = NULL;
    units->stratum_text = p->units->stratum_text + s;
    units->shares = p->units->shares + (int64_t)s * units->n_arms;
    return tm_places_build(ctx, units, alone);
}

static temoin_status find_received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                   double *probability)
{
    tm_places p;
    double *chance;
    TM_TRY(tm_places_build(ctx, units, &p));
    TM_SCRATCH(ctx, chance, (int64_t)units->n_strata * units->n_arms);
    for (int32_t s = 0; s < units->n_strata; s++)
        for (int32_t a = 0; a < units->n_arms; a++) chance[(int64_t)s * units->n_arms + a] = tm_places_chance(&p, s, a);
    for (int64_t u = 0; u < units->n_units; u++)
        probability[u] =
            arm[u] < 0 ? NAN : chance[(int64_t)(units->stratum ? units->stratum[u] : 0) * units->n_arms + arm[u]];
    return TEMOIN_OK;
}

temoin_status tm_places_received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                 double *probability, double *error)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    *error = 0;
    const temoin_status status = find_received(ctx, units, arm, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}
