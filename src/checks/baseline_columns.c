/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/baseline_columns.h"

#include <math.h>
#include <string.h>

static bool is_missed(const tm_baseline_columns *c, const tm_characteristic *one)
{
    for (int64_t u = 0; u < c->trial->n_units; u++)
        if (c->group[u] >= 0 && tm_characteristic_misses(one, u)) return true;
    return false;
}

static bool is_among(const char *name, const char *const *names, int32_t n)
{
    for (int32_t k = 0; k < n; k++)
        if (names[k] && strcmp(name, names[k]) == 0) return true;
    return false;
}

temoin_status tm_baseline_columns_build(temoin_context *ctx, const temoin_trial *trial, const int32_t *group,
                                        const char *const *without, int32_t n_without, tm_baseline_columns *out)
{
    int64_t n = 0;
    *out = (tm_baseline_columns){.trial = trial, .group = group};
    TM_TRY(tm_characteristics_build(ctx, trial, &out->list, &out->n_list));
    for (int64_t i = 0; i < out->n_list; i++)
        if (!is_among(out->list[i].name, without, n_without)) out->list[n++] = out->list[i];
    out->n_list = out->n_x = n;
    TM_SCRATCH(ctx, out->misses, n);
    for (int64_t i = 0; i < n; i++) {
        const bool opens = i == 0 || !out->list[i].level[0] || strcmp(out->list[i].name, out->list[i - 1].name) != 0;
        out->misses[i] = opens && is_missed(out, &out->list[i]);
        out->n_x += out->misses[i];
    }
    return TEMOIN_OK;
}

/* One characteristic's to column j. */
static void add_values(const tm_baseline_columns *c, const tm_characteristic *one, int64_t j, int64_t width, double *x)
{
    const int64_t n_units = c->trial->n_units;
    double largest = 0, sum = 0;
    int64_t n = 0;
    for (int64_t u = 0; u < n_units; u++)
        if (c->group[u] >= 0 && !tm_characteristic_misses(one, u))
            largest = fmax(largest, fabs(tm_characteristic_value(one, u)));
    for (int64_t u = 0; u < n_units; u++)
        if (c->group[u] >= 0 && !tm_characteristic_misses(one, u)) {
            sum += largest > 0 ? tm_characteristic_value(one, u) / largest : 0;
            n++;
        }
    for (int64_t u = 0; u < n_units; u++)
        if (c->group[u] >= 0 && !tm_characteristic_misses(one, u) && largest > 0)
            x[c->group[u] * width + j] += tm_characteristic_value(one, u) / largest - sum / (double)n;
}

void tm_baseline_columns_add(const tm_baseline_columns *c, int64_t width, double *x)
{
    int64_t j = 0;
    for (int64_t i = 0; i < c->n_list; i++) {
        add_values(c, &c->list[i], j++, width, x);
        for (int64_t u = 0; c->misses[i] && u < c->trial->n_units; u++)
            if (c->group[u] >= 0 && tm_characteristic_misses(&c->list[i], u)) x[c->group[u] * width + j] += 1;
        j += c->misses[i];
    }
}
