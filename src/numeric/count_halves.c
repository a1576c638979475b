/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/count_halves.h"

#include <math.h>
#include <stdlib.h>

static const double sums_most = 0x1p19, choices_most = 0x1p53;

/* Sums of one half. */
typedef struct sum_list {
    int64_t n;
    double *sum;
} sum_list;

static double binomial(int32_t n, int32_t k)
{
    double count = k < 0 || k > n ? 0 : 1;
    for (int32_t i = 0; i < k && k <= n; i++) count = count * (n - i) / (i + 1);
    return round(count);
}

/* Choices in groups first … last - 1. */
static double count_groups(const tm_choices *c, int32_t first, int32_t last)
{
    double count = 1;
    for (int32_t g = first; g < last; g++) count *= binomial(c->from[g + 1] - c->from[g], c->k[g]);
    return count;
}

static int32_t group_of(const tm_choices *c, int32_t at)
{
    int32_t g = 0;
    while (c->from[g + 1] <= at) g++;
    return g;
}

/* The longest list when the members are cut before number `at`, which is in group g. */
static double length_cut(const tm_choices *c, int32_t g, int32_t at)
{
    const int32_t left = at - c->from[g], right = c->from[g + 1] - at;
    double most = 0;
    for (int32_t j = 0; j <= left; j++) {
        const int32_t rest = c->k[g] - j;
        if (rest < 0 || rest > right) continue;
        most = fmax(most, fmax(count_groups(c, 0, g) * binomial(left, j),
                               count_groups(c, g + 1, c->n_groups) * binomial(right, rest)));
    }
    return most;
}

/* Adds the choices of k from the n values behind `at` to a sum that is begun, then those of whole groups g … last - 1.
 */
static void list_from(const tm_choices *c, int32_t at, int32_t n, int32_t k, int32_t g, int32_t last, double begun,
                      sum_list *out)
{
    if (k == 0) {
        if (g == last)
            out->sum[out->n++] = begun;
        else
            list_from(c, c->from[g], c->from[g + 1] - c->from[g], c->k[g], g + 1, last, begun, out);
        return;
    }
    list_from(c, at + 1, n - 1, k - 1, g, last, begun + c->value[at], out);
    if (n > k) list_from(c, at + 1, n - 1, k, g, last, begun, out);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Pairs with a sum of at least `least`, lists ascending. */
static double count_above(const sum_list *a, const sum_list *b, double least)
{
    double count = 0;
    int64_t j = b->n;
    for (int64_t i = 0; i < a->n; i++) {
        while (j > 0 && a->sum[i] + b->sum[j - 1] >= least) j--;
        count += (double)(b->n - j);
    }
    return count;
}

static void negate(sum_list *list)
{
    for (int64_t i = 0; i < list->n; i++) list->sum[i] = -list->sum[i];
    for (int64_t low = 0, high = list->n - 1; low < high; low++, high--) {
        const double kept = list->sum[low];
        list->sum[low] = list->sum[high];
        list->sum[high] = kept;
    }
}

static double count_far(sum_list *a, sum_list *b, double least)
{
    if (least <= 0) return (double)a->n * (double)b->n;
    qsort(a->sum, (size_t)a->n, sizeof *a->sum, by_value);
    qsort(b->sum, (size_t)b->n, sizeof *b->sum, by_value);
    const double above = count_above(a, b, least);
    negate(a);
    negate(b);
    return above + count_above(a, b, least);
}

static temoin_status count_cut(temoin_context *ctx, const tm_choices *c, int32_t at, double least, double *far)
{
    const int32_t g = group_of(c, at), left = at - c->from[g], right = c->from[g + 1] - at;
    const int64_t room = (int64_t)length_cut(c, g, at);
    sum_list a = {0}, b = {0};
    TM_SCRATCH(ctx, a.sum, room);
    TM_SCRATCH(ctx, b.sum, room);
    for (int32_t j = 0; j <= left; j++) {
        const int32_t rest = c->k[g] - j;
        if (rest < 0 || rest > right) continue;
        a.n = b.n = 0;
        list_from(c, c->from[g], left, j, 0, g, 0, &a);
        list_from(c, at, right, rest, g + 1, c->n_groups, 0, &b);
        *far += count_far(&a, &b, least);
    }
    return TEMOIN_OK;
}

temoin_status tm_choices_count(temoin_context *ctx, const tm_choices *c, double least, double *far, double *all)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t n = c->from[c->n_groups];
    int32_t best = -1;
    double length = sums_most;
    const double count = count_groups(c, 0, c->n_groups);
    *far = *all = 0;
    /* pairs are at most the square of the longer list, for each j */
    if (count > choices_most || count > sums_most * sums_most * (n + 1)) return TEMOIN_OK;
    for (int32_t at = 0; at < n; at++) {
        const double here = length_cut(c, group_of(c, at), at);
        if (here > length || (here == length && best >= 0)) continue;
        best = at;
        length = here;
    }
    if (best < 0) return TEMOIN_OK;
    *all = count;
    const temoin_status status = count_cut(ctx, c, best, least, far);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}
