/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/row_fill.h"

#include <math.h>
#include <string.h>

#include "inference/effect_size.h"
#include "numeric/stream.h"
#include "result/record.h"

/* Clients and rows of one side of a contrast. */
typedef struct side {
    int64_t n, n_rows, last;
    double sum;
} side;

static void add_to_side(side *to, const tm_sample *sample, int64_t i)
{
    const int64_t unit = sample->panel ? sample->unit[i] : i;
    to->n += to->n_rows == 0 || unit != to->last;
    to->n_rows++;
    to->last = unit;
    to->sum += sample->y[i];
}

static void describe_arms(const tm_sample *sample, const double *arm_weight, int32_t effect, temoin_row *row)
{
    side arm = {0}, reference = {0}, all = {0};
    for (int64_t i = 0; i < sample->n; i++) {
        const double weight = arm_weight[sample->arm[i]];
        if (!tm_panel_is_about(sample->panel, effect, i)) continue;
        add_to_side(&all, sample, i);
        if (weight > 0) add_to_side(&arm, sample, i);
        if (weight < 0) add_to_side(&reference, sample, i);
    }
    row->n = all.n;
    row->n_arm = arm.n;
    row->n_reference = reference.n;
    row->mean_arm = arm.n ? arm.sum / (double)arm.n_rows : NAN;
    row->mean_reference = reference.n ? reference.sum / (double)reference.n_rows : NAN;
    if (sample->panel) row->n_rows = sample->n;
}

/* Of effects that are differences in means. */
static double effect_size(const tm_plan_measure *measure, const tm_sample *sample, const tm_estimator *estimator,
                          const double *arm_weight, double value)
{
    static const char *const keys[] = {"dim", "dim_precision", "ols", "lin"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(estimator->key, keys[k]) == 0)
            return measure->kind == TM_MEASURE_BINARY ? tm_cox_index(sample, arm_weight, value)
                                                      : tm_effect_size(sample, arm_weight, value, TM_SPREAD_CORRECTED);
    return NAN;
}

static void fill_numbers(const tm_effect *effect, temoin_row *row)
{
    row->n_clusters = effect->n_clusters;
    row->value = effect->value;
    row->se = effect->se;
    row->df = effect->df;
    row->statistic = effect->statistic;
    row->p = effect->p;
    row->ci_low = effect->ci_low;
    row->ci_high = effect->ci_high;
    row->p_bootstrap = effect->p_bootstrap;
    row->ci_bootstrap_low = effect->ci_bootstrap_low;
    row->ci_bootstrap_high = effect->ci_bootstrap_high;
    row->n_bootstrap = effect->n_bootstrap;
}

void tm_row_fill(const tm_row_source *source, const tm_effect *effect, temoin_row *row)
{
    const tm_plan_estimate *estimate = source->estimate;
    const tm_plan_measure *measure = &source->plan->measures[source->cell->measure];
    const char *cluster = tm_estimate_cluster(estimate, source->cell->together);
    tm_record_clear(&tm_row_record, row);
    row->estimate = estimate->name;
    row->measure = measure->name;
    row->wave = source->cell->label[source->index / estimate->n_contrasts];
    row->subgroup = tm_estimate_cell_subgroup(source->cell);
    row->arm = source->contrast->arm;
    row->reference = source->contrast->reference;
    row->estimator = source->estimator->key;
    row->variance = source->variance->key;
    row->cluster = cluster ? cluster : "";
    row->level = estimate->level;
    fill_numbers(effect, row);
    describe_arms(source->sample, source->contrast->weights, source->index, row);
    if (!source->cell->together) /* of several waves there is no one spread */
        row->effect_size =
            effect_size(measure, source->sample, source->estimator, source->contrast->weights, effect->value);
}

tm_bootstrap_options tm_bootstrap_choose(const temoin_plan *plan, const tm_plan_estimate *estimate)
{
    const tm_plan_bootstrap *from = &plan->bootstrap;
    tm_bootstrap_options options = {
        .draws = from->draws,
        .weights = (tm_bootstrap_weights)from->weights,
        .unrestricted = from->unrestricted,
        .jackknife_scores = from->jackknife_scores,
        .jackknife_statistic = from->jackknife_statistic,
        .level = estimate->level,
    };
    tm_stream_init(&options.stream, plan->id, "", "bootstrap", "");
    return options;
}
