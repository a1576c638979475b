/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/intraclass.h"

#include <math.h>

#include "numeric/distributions.h"

const char *tm_intraclass_refuses(const tm_worker_groups *groups, const tm_one_way *table)
{
    if (!(table->df_between > 0)) return "one_worker";
    if (!(table->df_within > 0)) return "every_worker_one_client";
    if (!groups->varies) return "no_variation";
    return groups->varies_within ? NULL : "constant_within_workers";
}

static tm_interval searle(const tm_one_way *t, double f, double level)
{
    const double tail = (1 - level) / 2;
    const double low = f / tm_f_quantile(1 - tail, t->df_between, t->df_within);
    const double high = f / tm_f_quantile(tail, t->df_between, t->df_within);
    return (tm_interval){(low - 1) / (low + t->n0 - 1), (high - 1) / (high + t->n0 - 1)};
}

static tm_interval smith(const tm_one_way *t, double level)
{
    const double r = t->icc, d = t->df_between, spread = 1 + r * (t->n0 - 1);
    const double among = d * (1 - r) * (1 + r * (2 * t->n0 - 1)) + r * r * t->fourth;
    const double variance =
        2 * (1 - r) * (1 - r) / (t->n0 * t->n0) * (spread * spread / t->df_within + among / (d * d));
    const double reach = variance > 0 ? tm_normal_quantile((1 + level) / 2) * sqrt(variance) : NAN;
    return (tm_interval){r - reach, r + reach};
}

void tm_intraclass_anova_run(const tm_worker_groups *groups, const tm_one_way *table, double level,
                             tm_intraclass_anova *out)
{
    const tm_interval none = {NAN, NAN};
    *out = (tm_intraclass_anova){NAN, NAN, NAN, NAN, NAN, none, none};
    if (tm_intraclass_refuses(groups, table)) return;
    out->icc = table->icc;
    out->between = table->between * groups->unit * groups->unit;
    out->within = table->ms_within * groups->unit * groups->unit;
    out->f = table->ms_between / table->ms_within;
    out->p = tm_f_upper(out->f, table->df_between, table->df_within);
    out->searle = searle(table, out->f, level);
    out->smith = smith(table, level);
}

double tm_design_effect(const tm_one_way *table, double icc)
{
    return 1 + (table->weighted - 1) * icc;
}
