/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/matrix_power.h"

#include <math.h>
#include <string.h>

#include "numeric/symmetric.h"

static const double series_norm = 0.5;          /* below: the series needs at most some fifty terms */
static const double eigenvalue_one = 1 - 1e-10; /* above: the cluster alone determines the direction */

int tm_complement_power_room(int n)
{
    return 2 * n * n + 2 * n + tm_symmetric_eigen_room(n);
}

static void multiply(const double *s, int n, const double *v, double *out)
{
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += s[i * n + j] * v[j];
        out[i] = sum;
    }
}

/* Σ_m a_m S^m v with a_m = a_{m-1} (2m - 1) / (2m) for the inverse root, 1 for the inverse. */
static void series(const double *s, int n, double norm, tm_power power, const double *v, double *out, double *work)
{
    double *now = work, *next = work + n, bound = 1;
    memcpy(now, v, (size_t)n * sizeof *now);
    memcpy(out, v, (size_t)n * sizeof *out);
    double a = 1;
    for (int m = 1; (bound *= norm) > 1e-18; m++) {
        multiply(s, n, now, next);
        if (power == TM_POWER_INVERSE_ROOT) a *= (2.0 * m - 1) / (2.0 * m);
        for (int i = 0; i < n; i++) out[i] += a * next[i];
        double *swap = now;
        now = next;
        next = swap;
    }
}

static double by_eigenvalues(const double *s, int n, tm_power power, const double *v, double *out, double *work)
{
    double *copy = work, *vector = work + n * n, *value = vector + n * n, *room = value + n;
    memcpy(copy, s, (size_t)n * (size_t)n * sizeof *copy);
    tm_symmetric_eigen(copy, n, value, vector, room);
    memset(out, 0, (size_t)n * sizeof *out);
    double lost = 0;
    for (int c = 0; c < n; c++) {
        double along = 0;
        for (int i = 0; i < n; i++) along += vector[i * n + c] * v[i];
        if (value[c] > eigenvalue_one) {
            lost += along * along;
            if (power != TM_POWER_ZERO) continue;
        }
        double f = power == TM_POWER_ZERO ? 1 : power == TM_POWER_INVERSE ? 1 / (1 - value[c]) : 1 / sqrt(1 - value[c]);
        for (int i = 0; i < n; i++) out[i] += f * along * vector[i * n + c];
    }
    return sqrt(lost);
}

double tm_complement_power(const double *s, int n, tm_power power, const double *v, double *out, double *work)
{
    double square = 0;
    for (int k = 0; k < n * n; k++) square += s[k] * s[k];
    double norm = sqrt(square);
    if (power == TM_POWER_ZERO && norm < eigenvalue_one) {
        memcpy(out, v, (size_t)n * sizeof *out);
        return 0;
    }
    if (norm > series_norm) return by_eigenvalues(s, n, power, v, out, work);
    series(s, n, norm, power, v, out, work);
    return 0;
}
