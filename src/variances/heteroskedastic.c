/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"

/* A row whose residual keeps less than this share of its variance tells nothing but rounding. */
static const double leverage_one = 1 - 1e-10;

const tm_variance *tm_variance_find(const char *key)
{
    for (int v = 0; v < tm_n_variances; v++)
        if (strcmp(tm_variances[v]->key, key) == 0) return tm_variances[v];
    return NULL;
}

static bool is_listed(const char *list, const char *key)
{
    const size_t length = strlen(key);
    for (const char *at = list; (at = strstr(at, key)); at += length)
        if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' ')) return true;
    return false;
}

bool tm_variance_serves(const tm_variance *variance, const tm_estimator *estimator)
{
    if (estimator->variances && !is_listed(estimator->variances, variance->key)) return false;
    if (estimator->run) return true;
    return variance->run && (!variance->blockwise || estimator->blockwise);
}

void tm_uncertainty_refuse(tm_uncertainty *out, const char *note)
{
    *out = (tm_uncertainty){NAN, NAN, note, NULL};
}

static bool any_leverage_one(const tm_fit *fit, const double *h, const double *effect_weight)
{
    double largest = 0;
    for (int64_t i = 0; effect_weight && i < fit->n; i++) largest = fmax(largest, fabs(effect_weight[i]));
    for (int64_t i = 0; i < fit->n; i++)
        if (h[i] >= leverage_one && (!effect_weight || fabs(effect_weight[i]) > 1e-10 * largest)) return true;
    return false;
}

/* u_i h_i, which is taken off the sum over all pairs, is large beside (z_i'ℓ)² = u_i (1 - h_i) above this leverage, and
 * would take the sum's digits along. As all leverages add up to the number of parameters, there are few such rows. */
static const double loud_leverage = 0.97;

/* H_ij of rows scaled by the root of their weights. */
static double hat_of(const tm_fit *fit, const int32_t *group, int64_t i, int64_t j)
{
    double h = 0, w = fit->root_weight ? fit->root_weight[i] * fit->root_weight[j] : 1;
    if (group[i] == group[j]) h = w / fit->group_total[group[i]];
    for (int32_t k = 0; k < fit->rank; k++) h += fit->q[k][i] * fit->q[k][j];
    return h;
}

/* ΣΣ u_i u_j H_ij² over i ≠ j with a row of high leverage among them. */
static temoin_status loud_norm(temoin_context *ctx, const tm_fit *fit, const double *h, const double *u, double *norm)
{
    int32_t *group;
    TM_SCRATCH(ctx, group, fit->n);
    for (int64_t c = 0; c < fit->n_cells; c++)
        for (int64_t i = 0; i < fit->cell[c].n; i++) group[fit->cell[c].start + i] = fit->cell[c].group;
    for (int64_t i = 0; i < fit->n; i++) {
        if (h[i] <= loud_leverage) continue;
        for (int64_t j = 0; j < fit->n; j++) {
            double hat = hat_of(fit, group, i, j);
            if (i != j) *norm += (h[j] > loud_leverage ? 1 : 2) * u[i] * u[j] * hat * hat;
        }
    }
    return TEMOIN_OK;
}

/* ‖Σ u_i z_i z_i'‖². */
static temoin_status outer_norm(temoin_context *ctx, const tm_fit *fit, const double *u, double *norm)
{
    const tm_kernels *kernel = ctx->kernels;
    double *uroot, *diagonal, *cross;
    TM_SCRATCH(ctx, uroot, fit->n);
    TM_SCRATCH(ctx, diagonal, fit->n_groups);
    TM_SCRATCH(ctx, cross, (int64_t)fit->n_groups * fit->rank);
    for (int64_t i = 0; i < fit->n; i++) uroot[i] = fit->root_weight ? u[i] * fit->root_weight[i] : u[i];
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        const double *v = uroot + cell->start;
        double total = fit->group_total[cell->group];
        diagonal[cell->group] +=
            (fit->root_weight ? kernel->dot(v, fit->root_weight + cell->start, cell->n) : kernel->sum(v, cell->n)) /
            total;
        for (int32_t j = 0; j < fit->rank; j++)
            cross[(int64_t)cell->group * fit->rank + j] +=
                kernel->dot(v, fit->q[j] + cell->start, cell->n) / sqrt(total);
    }
    for (int32_t f = 0; f < fit->n_groups; f++) *norm += diagonal[f] * diagonal[f];
    for (int64_t k = 0; k < (int64_t)fit->n_groups * fit->rank; k++) *norm += 2 * cross[k] * cross[k];
    for (int32_t i = 0; i < fit->rank; i++)
        for (int32_t j = 0; j <= i; j++) {
            double product = kernel->dot3(u, fit->q[i], fit->q[j], fit->n);
            *norm += (i == j ? 1 : 2) * product * product;
        }
    return TEMOIN_OK;
}

/* Bell & McCaffrey 2002 with every row its own cluster (Imbens & Kolesár 2016, eq. 10): with u_i = (z_i'ℓ)² / (1 -
 * h_i), df = (Σ (z_i'ℓ)²)² / ΣΣ u_i u_j (1[i = j] - H_ij)²,   ΣΣ u_i u_j H_ij² = ‖Σ u_i z_i z_i'‖² so that no n × n
 * matrix is needed. Weighted: in rows scaled by the root weight, the working variance that HC2 has there. */
static temoin_status bell_mccaffrey_df(temoin_context *ctx, const tm_fit *fit, const double *h,
                                       const double *effect_weight, double *df)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *u, *quiet, trace = 0, own = 0, norm = 0;
    TM_SCRATCH(ctx, u, fit->n);
    TM_SCRATCH(ctx, quiet, fit->n);
    for (int64_t i = 0; i < fit->n; i++) {
        double square = effect_weight[i] * effect_weight[i];
        u[i] = square / (1 - h[i]);
        quiet[i] = h[i] > loud_leverage ? 0 : u[i];
        trace += square;
        own += square * square - quiet[i] * quiet[i] * h[i] * h[i];
    }
    TM_TRY(outer_norm(ctx, fit, quiet, &norm));
    TM_TRY(loud_norm(ctx, fit, h, u, &norm));
    *df = trace * trace / (own + norm);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_heteroskedastic_run(temoin_context *ctx, const tm_fit *fit, int power, double factor,
                                     bool bell_mccaffrey, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *h, *weight, *term;
    TM_SCRATCH(ctx, h, fit->n);
    TM_SCRATCH(ctx, weight, fit->n);
    TM_SCRATCH(ctx, term, fit->n);
    tm_row_leverage(ctx, fit, h);
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c])) continue;
        tm_row_effect_weight(ctx, fit, c, weight);
        if (any_leverage_one(fit, h, power > 0 ? NULL : weight)) {
            tm_uncertainty_refuse(&out[c], "leverage_one");
            continue;
        }
        for (int64_t i = 0; i < fit->n; i++) {
            double t = weight[i] * fit->residual[i], keep = 1 - h[i];
            term[i] = power == 0 ? t * t : power == 1 ? t * t / keep : t * t / (keep * keep);
        }
        out[c].variance = factor * ctx->kernels->sum(term, fit->n);
        out[c].df = (double)(fit->n - fit->n_parameters);
        if (bell_mccaffrey) TM_TRY(bell_mccaffrey_df(ctx, fit, h, weight, &out[c].df));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
