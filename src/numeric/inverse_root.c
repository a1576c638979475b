/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/inverse_root.h"

#include <assert.h>
#include <math.h>

#include "numeric/elementary.h"

/* sin and cos for 0 <= x <= π/4. */
static void sine_cosine(double x, double *sine, double *cosine)
{
    double s = 1, c = 1;
    for (int k = 20; k > 0; k -= 2) {
        c = 1 - x * x / (k * (k - 1)) * c;
        s = 1 - x * x / (k * (k + 1)) * s;
    }
    *sine = x * s;
    *cosine = c;
}

enum { MOST_LEVELS = 20 };

/* Landen's descending transformation of a modulus k, given k' = sqrt(1 - k²): k_1 = (1 - k') / (1 + k'), and so on
 * until it vanishes. */
typedef struct landen {
    int n;
    double modulus[MOST_LEVELS];
    double rest[MOST_LEVELS]; /* 1 - k_i, which has its own digits */
    double growth;            /* Π (1 + k_i): the complete integral is π/2 times that */
} landen;

static landen descend(double complement)
{
    landen l = {.growth = 1};
    for (double k = 1; k > 1e-9 && l.n < MOST_LEVELS;) { /* the next one would be k² / 4 */
        const double sum = 1 + complement;
        k = (1 - complement) / sum;
        l.modulus[l.n] = k;
        l.rest[l.n++] = 2 * complement / sum;
        l.growth *= 1 + k;
        complement = 2 * sqrt(complement) / sum;
    }
    return l;
}

/* sn, cn and dn at u = growth × x from sin x and cos x: Abramowitz & Stegun 1964, 16.12.2-4, upwards. 1 - k sn² is
 * written cn² + (1 - k) sn². */
static void ascend(const landen *l, double *sn, double *cn, double *dn)
{
    *dn = 1;
    for (int i = l->n - 1; i >= 0; i--) {
        const double square = *sn * *sn, below = 1 + l->modulus[i] * square;
        const double next = (*cn * *cn + l->rest[i] * square) / below;
        *cn = *cn * *dn / below;
        *sn = (1 + l->modulus[i]) * *sn / below;
        *dn = next;
    }
}

int tm_inverse_root_nodes(double smallest, double largest, double *shift, double *weight)
{
    const double digits = 37, condition = largest / smallest; /* exp(-37) is below 1e-16 */
    const landen l = descend(sqrt(smallest / largest));
    int n = 3 + (int)(digits * (tm_log(condition) + 3) / (2 * M_PI * M_PI));
    if (n > TM_INVERSE_ROOT_NODES) n = TM_INVERSE_ROOT_NODES;
    assert(smallest > 0 && largest >= smallest);
    for (int j = 0; j < n; j++) {
        double sn, cn, dn;
        const int other = n - 1 - j;
        if (j <= other)
            sine_cosine((j + 0.5) * M_PI_2 / n, &sn, &cn);
        else
            sine_cosine((other + 0.5) * M_PI_2 / n, &cn, &sn);
        ascend(&l, &sn, &cn, &dn);
        shift[j] = smallest * (sn / cn) * (sn / cn);
        weight[j] = l.growth * sqrt(smallest) / n * dn / (cn * cn);
    }
    return n;
}
