/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/joint.h"

#include <math.h>
#include <string.h>

#include "inference/joint_covariance.h"
#include "numeric/distributions.h"

/* What is left of a contrast once others are taken out: below this share of it, it follows from them. */
static const double dependent = 1e-8;
/* A pivot below this share of its diagonal entry is zero. */
static const double singular = 1e-11;

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* Orthonormal combinations of the contrasts with their values; returns how many, -1: a contrast is not identified. */
static int32_t make_orthonormal(const tm_fit *fit, double *u, double *value)
{
    int32_t k = fit->n_parameters, q = 0;
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        double *v = u + (int64_t)q * k, e = fit->value[c];
        if (isnan(e)) return -1;
        memcpy(v, fit->basis + (int64_t)c * k, (size_t)k * sizeof *v);
        double length = sqrt(dot(v, v, k));
        for (int pass = 0; pass < 2; pass++)
            for (int32_t j = 0; j < q; j++) {
                double along = dot(u + (int64_t)j * k, v, k);
                for (int32_t i = 0; i < k; i++) v[i] -= along * u[(int64_t)j * k + i];
                e -= along * value[j];
            }
        double left = sqrt(dot(v, v, k));
        if (!(left > dependent * length)) continue;
        for (int32_t i = 0; i < k; i++) v[i] /= left;
        value[q++] = e / left;
    }
    return q;
}

/* e'V⁻¹e by Cholesky's factors, written over v; NaN: singular. */
static double quadratic_form(double *v, int32_t q, const double *e, double *half)
{
    double sum = 0;
    for (int32_t j = 0; j < q; j++) {
        double pivot = v[j * q + j], before = pivot;
        half[j] = e[j];
        for (int32_t i = 0; i < j; i++) {
            pivot -= v[j * q + i] * v[j * q + i];
            half[j] -= v[j * q + i] * half[i];
        }
        if (!(pivot > singular * before)) return NAN;
        v[j * q + j] = sqrt(pivot);
        for (int32_t r = j + 1; r < q; r++) {
            for (int32_t i = 0; i < j; i++) v[r * q + j] -= v[r * q + i] * v[j * q + i];
            v[r * q + j] /= v[j * q + j];
        }
        half[j] /= v[j * q + j];
        sum += half[j] * half[j];
    }
    return sum;
}

static void refuse(tm_joint *out, const char *note)
{
    *out = (tm_joint){NAN, NAN, NAN, NAN, note};
}

static void finish(const tm_joint_covariance *c, double form, tm_joint *out)
{
    double q = c->q, eta = c->eta;
    if (isnan(form) || (!isnan(eta) && !(eta > q - 1))) {
        refuse(out, "joint_singular");
        return;
    }
    out->df1 = q;
    out->df2 = isnan(eta) ? c->df : eta - q + 1;
    out->statistic = isnan(eta) ? form / q : (eta - q + 1) / (eta * q) * form;
    out->p = tm_f_upper(out->statistic, out->df1, out->df2);
    if (!(out->df2 > 0)) refuse(out, "joint_singular");
}

temoin_status tm_joint_run(temoin_context *ctx, const tm_fit *fit, const char *variance, tm_joint *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t n = fit->model->n_contrasts;
    double *u, *value, *half;
    tm_joint_covariance c = {0};
    *out = (tm_joint){0};
    TM_SCRATCH(ctx, u, n * fit->n_parameters);
    TM_SCRATCH(ctx, value, n);
    TM_SCRATCH(ctx, half, n);
    TM_SCRATCH(ctx, c.v, n * n);
    c.q = make_orthonormal(fit, u, value);
    if (c.q < 1) {
        refuse(out, "no_contrast");
        tm_arena_rewind(&ctx->scratch, mark);
        return TEMOIN_OK;
    }
    tm_fit turned = *fit; /* the same rows, other combinations */
    turned.basis = u;
    TM_TRY(tm_joint_covariance_run(ctx, &turned, variance, &c));
    if (c.refused)
        refuse(out, c.refused);
    else
        finish(&c, quadratic_form(c.v, c.q, value, half), out);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
