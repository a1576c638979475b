/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/normal_table.h"

#include <math.h>

#include "numeric/distributions.h"
#include "numeric/elementary.h"

enum { TERMS = 12 }; /* of the Taylor series over at most 1/32: the next is below 1e-15 of the sum */

static double place(int node)
{
    return (double)node / TM_NORMAL_TABLE_PER_UNIT - TM_NORMAL_TABLE_REACH;
}

void tm_normal_table_init(tm_normal_table *table)
{
    for (int i = 0; i < TM_NORMAL_TABLE_SIZE; i++) {
        const double x = place(i);
        table->cdf[i] = tm_normal_cdf(x);
        table->density[i] = tm_exp(-x * x / 2) / 2.5066282746310005024;
    }
}

/* The density's Taylor coefficients follow from its differential equation, f' = -x f:
 * a_(n+1) = -(x a_n + a_(n-1)) / (n + 1). */
static double cdf_near(const tm_normal_table *table, int node, double h)
{
    const double x = place(node);
    double before = 0, a = table->density[node], power = h, sum = 0;
    for (int n = 0; n < TERMS; n++) {
        sum += a * power / (n + 1);
        const double next = -(x * a + before) / (n + 1);
        before = a;
        a = next;
        power *= h;
    }
    return table->cdf[node] + sum;
}

double tm_normal_table_cdf(const tm_normal_table *table, double x)
{
    if (!(fabs(x) < TM_NORMAL_TABLE_REACH)) return tm_normal_cdf(x);
    const int node = (int)floor((x + TM_NORMAL_TABLE_REACH) * TM_NORMAL_TABLE_PER_UNIT + 0.5);
    return cdf_near(table, node, x - place(node));
}

/* From the node before the root, two steps of Halley's method, each of which triples the digits. */
double tm_normal_table_quantile(const tm_normal_table *table, double p)
{
    int low = 0, high = TM_NORMAL_TABLE_SIZE - 1;
    if (p <= table->cdf[low]) return -TM_NORMAL_TABLE_REACH;
    if (p >= table->cdf[high]) return TM_NORMAL_TABLE_REACH;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (table->cdf[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    double x = place(low);
    for (int i = 0; i < 3; i++) {
        const double off = i ? tm_normal_table_cdf(table, x) - p : table->cdf[low] - p;
        const double density = i ? tm_exp(-x * x / 2) / 2.5066282746310005024 : table->density[low];
        const double newton = off / density;
        x -= newton / (1 + x * newton / 2);
    }
    return x;
}
