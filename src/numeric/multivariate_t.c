/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/multivariate_t.h"

#include <math.h>

#include "numeric/elementary.h"
#include "numeric/normal_table.h"

/* Loadings stay below one: the common part's trapezoidal rule needs something to smooth it. */
static const double largest_loading = 0.999;
/* A correlation this near to a product is one. */
static const double product_tolerance = 1e-11;
/* The logarithm of the smallest weight that counts, relative to the largest. */
static const double smallest_log_weight = -60;

typedef struct split {
    int32_t k;
    const double *r; /* [k * k] */
    double *b;       /* [k] loadings of the nearest product */
    double *own;     /* [k] sqrt(1 - b^2) */
    double *root;    /* [k * k] Cholesky root of r, lower triangle */
    double *root_product;
    double *y;       /* [k] room */
    double distance; /* largest |r_ij - b_i b_j| */
    tm_normal_table normal;
} split;

/* Least squares of r_ij by b_i b_j over i != j, one loading after the other. */
static void fit_loadings(split *s)
{
    const int32_t k = s->k;
    for (int32_t i = 0; i < k; i++) s->b[i] = s->r[i] < 0 ? -0.7 : 0.7;
    for (int sweep = 0; sweep < 500; sweep++) {
        double moved = 0;
        for (int32_t i = 0; i < k; i++) {
            double top = 0, bottom = 0;
            for (int32_t j = 0; j < k; j++) {
                if (j == i) continue;
                top += s->r[i * k + j] * s->b[j];
                bottom += s->b[j] * s->b[j];
            }
            const double b = bottom > 0 ? fmax(-largest_loading, fmin(top / bottom, largest_loading)) : 0;
            moved = fmax(moved, fabs(b - s->b[i]));
            s->b[i] = b;
        }
        if (moved < 1e-15) break;
    }
    s->distance = 0;
    for (int32_t i = 0; i < k; i++) {
        s->own[i] = sqrt(1 - s->b[i] * s->b[i]);
        for (int32_t j = 0; j < i; j++) s->distance = fmax(s->distance, fabs(s->r[i * k + j] - s->b[i] * s->b[j]));
    }
}

/* Lower triangle of L with L L' = r, or the product's matrix when r is NULL; a column of zeros where a statistic
 * follows from those before it. */
static void fill_root(const split *s, const double *r, double *root)
{
    const int32_t k = s->k;
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j <= i; j++) {
            double sum = i == j ? 1 : r ? r[i * k + j] : s->b[i] * s->b[j];
            for (int32_t m = 0; m < j; m++) sum -= root[i * k + m] * root[j * k + m];
            if (i == j)
                root[i * k + i] = sum > 1e-10 ? sqrt(sum) : 0;
            else
                root[i * k + j] = root[j * k + j] > 0 ? sum / root[j * k + j] : 0;
        }
}

/* P(max |X_i| >= a) of normals with the product's correlation: the trapezoidal rule over the common part, which is
 * even. */
static double product_tail(const split *s, double a)
{
    double step = 0.125, sum = 0, total = 0;
    for (int32_t i = 0; i < s->k; i++) step = fmin(step, 0.75 * s->own[i]);
    for (int64_t n = 0; n * step < 9; n++) {
        const double z = (double)n * step, weight = tm_exp(-z * z / 2) * (n ? 2 : 1);
        double log_inside = 0;
        for (int32_t i = 0; i < s->k; i++) {
            const double outside = tm_normal_table_cdf(&s->normal, (-a - s->b[i] * z) / s->own[i]) +
                                   tm_normal_table_cdf(&s->normal, (-a + s->b[i] * z) / s->own[i]);
            log_inside += tm_log1p(-fmin(outside, 1));
        }
        sum -= weight * tm_expm1(log_inside);
        total += weight;
    }
    return sum / total;
}

/* One point of Genz's transformation: the probability of |X_i| < a for all i, given how the point divides each range.
 */
static double inside_at(const split *s, const double *root, double a, const double *point)
{
    const int32_t k = s->k;
    double inside = 1;
    for (int32_t i = 0; i < k; i++) {
        const double scale = root[i * k + i];
        double mean = 0;
        for (int32_t j = 0; j < i; j++) mean += root[i * k + j] * s->y[j];
        s->y[i] = 0;
        if (scale == 0) {
            inside *= fabs(mean) <= a;
            continue;
        }
        const double low = tm_normal_table_cdf(&s->normal, (-a - mean) / scale),
                     width = tm_normal_table_cdf(&s->normal, (a - mean) / scale) - low;
        inside *= width;
        if (inside == 0) return 0;
        if (i + 1 < k) s->y[i] = tm_normal_table_quantile(&s->normal, low + point[i] * width);
    }
    return inside;
}

/* Lattices of Korobov's kind, point n at n (1, g, g^2, ...) / size modulo one: of all generators g, that whose points
 * fill twelve dimensions most evenly (smallest P2 with weights 0.6^j). A correlation far from any product needs the
 * largest. */
static const struct lattice {
    double distance;
    int size, generator;
} lattices[] = {{0, 0, 0}, {0.01, 127, 44}, {0.1, 509, 146}, {INFINITY, 2039, 65}};

static const struct lattice *find_lattice(double distance)
{
    const struct lattice *found = lattices;
    while (distance > fmax(found->distance, product_tolerance)) found++;
    return found;
}

/* A point of the lattice and its weight. What is summed must meet itself at the ends of the unit cube: the first
 * coordinates go through x^3 (10 - 15 x + 6 x^2), whose slope, their weight, vanishes there with its own slope; the
 * others, for which weights would multiply to something wild, are folded (tent). The lattice is shifted with every
 * scale, so that the errors of the scales do not add up. */
static double place_point(const struct lattice *lattice, int32_t k, int n, int64_t shift, double *point)
{
    enum { SMOOTHED = 6 };
    double weight = 1;
    for (int32_t i = 0; i + 1 < k; i++) {
        double x = (double)n / lattice->size + (double)(shift * (i + 1)) * 0.41421356237309505;
        x -= floor(x);
        if (i < SMOOTHED) {
            point[i] = x * x * x * (10 - x * (15 - 6 * x));
            weight *= 30 * x * x * (1 - x) * (1 - x);
        } else
            point[i] = fabs(2 * x - 1);
        n = (int)((int64_t)n * lattice->generator % lattice->size);
    }
    return weight;
}

/* Mean of what the correlation's own points are inside more often than the product's. */
static double lattice_difference(const split *s, double a, const struct lattice *lattice, int64_t shift, double *point)
{
    double sum = 0;
    for (int n = 0; n < lattice->size; n++) {
        const double weight = place_point(lattice, s->k, n, shift, point);
        if (weight == 0) continue;
        sum += weight * (inside_at(s, s->root, a, point) - inside_at(s, s->root_product, a, point));
    }
    return sum / lattice->size;
}

/* A statistic that is another one, or minus it, is left out: the rules above are for those that differ. */
static temoin_status drop_copies(temoin_context *ctx, const double *correlation, int32_t k, split *s)
{
    int32_t *kept;
    double *r;
    TM_SCRATCH(ctx, kept, k);
    TM_SCRATCH(ctx, r, (int64_t)k * k);
    for (int32_t i = 0; i < k; i++) {
        bool copy = false;
        for (int32_t j = 0; j < s->k; j++) copy = copy || fabs(correlation[i * k + kept[j]]) > 1 - 1e-9;
        if (!copy) kept[s->k++] = i;
    }
    for (int32_t i = 0; i < s->k; i++)
        for (int32_t j = 0; j < s->k; j++) r[i * s->k + j] = correlation[kept[i] * k + kept[j]];
    s->r = r;
    return TEMOIN_OK;
}

static temoin_status build_split(temoin_context *ctx, const double *correlation, int32_t k, split *s)
{
    TM_TRY(drop_copies(ctx, correlation, k, s));
    TM_SCRATCH(ctx, s->b, k);
    TM_SCRATCH(ctx, s->own, k);
    TM_SCRATCH(ctx, s->y, k);
    TM_SCRATCH(ctx, s->root, (int64_t)k * k);
    TM_SCRATCH(ctx, s->root_product, (int64_t)k * k);
    tm_normal_table_init(&s->normal);
    fit_loadings(s);
    fill_root(s, s->r, s->root);
    fill_root(s, NULL, s->root_product);
    return TEMOIN_OK;
}

/* The scale S = exp(u) has a density proportional to exp(df (u - exp(2 u) / 2)) in u: a sum over equal steps of u,
 * which also gives the constant. */
static double scale_log_weight(double u, double df)
{
    return df * (u - tm_expm1(2 * u) / 2);
}

temoin_status tm_multivariate_t_tail(temoin_context *ctx, const double *correlation, int32_t k, double t, double df,
                                     double *p)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const bool is_normal = df > 1e12;
    const double step = is_normal ? 1 : fmin(0.53 / sqrt(df), 0.14); /* of u, where the rule has all its digits */
    double sum = 0, total = 0, *point;
    split *s;
    TM_SCRATCH(ctx, s, 1);
    TM_TRY(build_split(ctx, correlation, k, s));
    TM_SCRATCH(ctx, point, k);
    const struct lattice *lattice = find_lattice(s->distance);
    for (int side = -1; side <= 1; side += 2)
        for (int64_t n = side > 0; n == 0 || !is_normal; n++) {
            const double u = (double)(side * n) * step, log_weight = n == 0 ? 0 : scale_log_weight(u, df);
            if (!(log_weight >= smallest_log_weight)) break;
            const double weight = tm_exp(log_weight), a = fabs(t) * tm_exp(u);
            sum += weight * product_tail(s, a);
            if (lattice->size && log_weight > -25) sum -= weight * lattice_difference(s, a, lattice, side * n, point);
            total += weight;
        }
    tm_arena_rewind(&ctx->scratch, mark);
    *p = fmin(fmax(sum / total, 0), 1);
    return TEMOIN_OK;
}
