/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"
#include "numeric/elementary.h"

enum { HALVINGS = 60 };

void tm_wilson_interval(double events, double n, double z, double *low, double *high)
{
    const double centre = events + z * z / 2, margin = z * sqrt(events * (n - events) / n + z * z / 4);
    *low = events > 0 ? (centre - margin) / (n + z * z) : 0;
    *high = events < n ? (centre + margin) / (n + z * z) : 1;
}

void tm_newcombe_interval(const tm_two_by_two *t, double z, double *low, double *high)
{
    const double p1 = t->a / t->n1, p0 = t->c / t->n0;
    double low1, high1, low0, high0;
    tm_wilson_interval(t->a, t->n1, z, &low1, &high1);
    tm_wilson_interval(t->c, t->n0, z, &low0, &high0);
    *low = p1 - p0 - sqrt((p1 - low1) * (p1 - low1) + (high0 - p0) * (high0 - p0));
    *high = p1 - p0 + sqrt((high1 - p1) * (high1 - p1) + (p0 - low0) * (p0 - low0));
}

void tm_agresti_caffo(const tm_two_by_two *t, double *difference, double *se)
{
    const double p1 = (t->a + 1) / (t->n1 + 2), p0 = (t->c + 1) / (t->n0 + 2);
    *difference = p1 - p0;
    *se = sqrt(p1 * (1 - p1) / (t->n1 + 2) + p0 * (1 - p0) / (t->n0 + 2));
}

static double part(double count, double p)
{
    return count > 0 ? count / p : 0;
}

static double score_of(double d, double variance, double inflate)
{
    if (variance > 0) return d / sqrt(variance * inflate);
    return d > 0 ? INFINITY : d < 0 ? -INFINITY : 0;
}

static double inflation(const tm_two_by_two *t, bool corrected)
{
    const double n = t->n1 + t->n0;
    return corrected ? n / (n - 1) : 1;
}

double tm_score_difference(const tm_two_by_two *t, double delta, bool corrected)
{
    double low = fmax(0, -delta), high = fmin(1, 1 - delta);
    for (int i = 0; i < HALVINGS; i++) {
        const double p0 = (low + high) / 2, p1 = p0 + delta;
        const double slope = part(t->a, p1) - part(t->n1 - t->a, 1 - p1) + part(t->c, p0) - part(t->n0 - t->c, 1 - p0);
        if (slope > 0)
            low = p0;
        else
            high = p0;
    }
    const double p0 = (low + high) / 2, p1 = p0 + delta;
    const double variance = fmax(p1 * (1 - p1), 0) / t->n1 + p0 * (1 - p0) / t->n0;
    return score_of(t->a / t->n1 - t->c / t->n0 - delta, variance > 1e-30 ? variance : 0, inflation(t, corrected));
}

typedef double score(const tm_two_by_two *t, double at, bool corrected);

/* The score falls; where it comes down through `target` between low and high. */
static double solve(score *f, const tm_two_by_two *t, bool corrected, double target, double low, double high)
{
    for (int i = 0; i < 100; i++) {
        const double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) break;
        if (f(t, middle, corrected) > target)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

void tm_score_difference_interval(const tm_two_by_two *t, double z, bool corrected, double *low, double *high)
{
    const double d = t->a / t->n1 - t->c / t->n0;
    *low = d > -1 ? solve(tm_score_difference, t, corrected, z, -1, d) : -1;
    *high = d < 1 ? solve(tm_score_difference, t, corrected, -z, d, 1) : 1;
}

/* With p1 = r p0, the likelihood is largest at the smaller root of N r p0² - (n1 r + a + n0 + c r) p0 + (a + c) = 0
 * (Miettinen & Nurminen 1985, eq. 10). */
double tm_score_ratio(const tm_two_by_two *t, double log_ratio, bool corrected)
{
    const double r = tm_exp(log_ratio), n = t->n1 + t->n0, events = t->a + t->c;
    const double b = t->n1 * r + t->a + t->n0 + t->c * r, root = sqrt(fmax(b * b - 4 * n * r * events, 0));
    const double p0 = fmin(2 * events / (b + root), 1), p1 = fmin(r * p0, 1);
    const double variance = p1 * (1 - p1) / t->n1 + r * r * p0 * (1 - p0) / t->n0;
    return score_of(t->a / t->n1 - r * (t->c / t->n0), variance, inflation(t, corrected));
}

void tm_score_ratio_interval(const tm_two_by_two *t, double z, bool corrected, double *low, double *high)
{
    enum { WIDEST = 60 }; /* ratios beyond e^60 have no meaning */
    const double value = tm_log(t->a / t->n1) - tm_log(t->c / t->n0);
    const double from = fmin(fmax(value, -WIDEST), WIDEST);
    *low = t->a > 0 ? solve(tm_score_ratio, t, corrected, z, -WIDEST, from) : -INFINITY;
    *high = t->c > 0 ? solve(tm_score_ratio, t, corrected, -z, from, WIDEST) : INFINITY;
}
