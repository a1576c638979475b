/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/worker_cells.h"

#include <math.h>

#include "moments/fit.h"

static int64_t cell_of(const tm_sample *s, int64_t i)
{
    return (s->cluster ? s->cluster[i] : i) * s->n_arms + s->arm[i];
}

static temoin_status count(temoin_context *ctx, const tm_sample *s, tm_worker_cells *out)
{
    int64_t *n, *workers, *served;
    out->n_clusters = s->cluster ? s->n_clusters : (int32_t)s->n;
    out->n_arms = s->n_arms;
    TM_SCRATCH(ctx, n, (int64_t)out->n_clusters * s->n_arms);
    TM_SCRATCH(ctx, workers, s->n_arms);
    TM_SCRATCH(ctx, served, s->n_arms);
    for (int64_t i = 0; i < s->n; i++) n[cell_of(s, i)]++;
    for (int64_t k = 0; k < (int64_t)out->n_clusters * s->n_arms; k++) {
        workers[k % s->n_arms] += n[k] > 0;
        served[k % s->n_arms] += n[k] > 1;
    }
    out->n = n;
    out->workers = workers;
    out->served = served;
    return TEMOIN_OK;
}

/* A group for every cell with several clients, and one for the others of an arm. */
static temoin_status number_groups(temoin_context *ctx, const tm_sample *s, const tm_worker_cells *cells,
                                   tm_model *model)
{
    int32_t *group, *number;
    const int64_t n_cells = (int64_t)cells->n_clusters * s->n_arms;
    TM_SCRATCH(ctx, group, s->n);
    TM_SCRATCH(ctx, number, n_cells + s->n_arms); /* 1 + number */
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t cell = cell_of(s, i), at = cells->n[cell] > 1 ? cell : n_cells + s->arm[i];
        if (!number[at]) number[at] = ++model->n_groups;
        group[i] = number[at] - 1;
    }
    model->group = group;
    return TEMOIN_OK;
}

/* y - x'b in y. */
static temoin_status adjust(temoin_context *ctx, const tm_sample *s, const tm_worker_cells *cells, double *y,
                            bool *dropped, bool *saturated)
{
    tm_sample plain = *s;
    tm_model model = {.sample = &plain, .n_columns = s->n_covariates, .column = s->covariate};
    const tm_fit *fit;
    int32_t *covariate;
    TM_SCRATCH(ctx, covariate, s->n_covariates);
    for (int32_t j = 0; j < s->n_covariates; j++) covariate[j] = j;
    plain.y = y, plain.weight = NULL, plain.cluster = NULL, plain.n_clusters = 0;
    model.column_name = s->covariate_name, model.column_covariate = covariate;
    TM_TRY(number_groups(ctx, s, cells, &model));
    TM_TRY(tm_fit_build(ctx, &model, &fit));
    *saturated = s->n <= fit->n_parameters;
    for (int32_t d = 0; d < fit->n_dropped; d++) dropped[fit->dropped[d]] = true;
    for (int32_t j = 0; j < s->n_covariates; j++)
        for (int64_t i = 0; i < s->n; i++) y[i] -= fit->column_coefficient[j] * s->covariate[j][i];
    return TEMOIN_OK;
}

static temoin_status average(temoin_context *ctx, const tm_sample *s, const double *y, tm_worker_cells *out)
{
    const int64_t n_cells = (int64_t)out->n_clusters * s->n_arms;
    double *mean;
    TM_SCRATCH(ctx, mean, n_cells);
    for (int64_t i = 0; i < s->n; i++) mean[cell_of(s, i)] += y[i];
    for (int64_t k = 0; k < n_cells; k++) mean[k] /= (double)out->n[k];
    out->mean = mean;
    for (int64_t i = 0; i < s->n; i++) {
        const double d = y[i] - mean[cell_of(s, i)];
        out->within += d * d;
    }
    return TEMOIN_OK;
}

temoin_status tm_worker_cells_build(temoin_context *ctx, const tm_sample *sample, tm_worker_cells *out)
{
    double *y;
    bool *dropped;
    *out = (tm_worker_cells){.unit = tm_outcome_unit(sample->y, sample->n)};
    TM_SCRATCH(ctx, y, sample->n);
    TM_SCRATCH(ctx, dropped, sample->n_covariates);
    out->dropped = dropped;
    for (int64_t i = 0; i < sample->n; i++) y[i] = sample->y[i] / out->unit;
    TM_TRY(count(ctx, sample, out));
    if (sample->n_covariates) TM_TRY(adjust(ctx, sample, out, y, dropped, &out->saturated));
    return out->saturated ? TEMOIN_OK : average(ctx, sample, y, out);
}

double tm_outcome_unit(const double *y, int64_t n)
{
    double largest = 0;
    int exponent;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(y[i]));
    if (largest == 0 || (largest > 1e-30 && largest < 1e30)) return 1;
    frexp(largest, &exponent);
    return ldexp(1, exponent - 1);
}
