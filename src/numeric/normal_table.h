/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The normal distribution for those who need it a million times: some two hundred times as fast as distributions.h,
 * after four milliseconds of preparation. */
#ifndef TM_NORMAL_TABLE_H
#define TM_NORMAL_TABLE_H

enum { TM_NORMAL_TABLE_REACH = 9, TM_NORMAL_TABLE_PER_UNIT = 16 };
enum { TM_NORMAL_TABLE_SIZE = 2 * TM_NORMAL_TABLE_REACH * TM_NORMAL_TABLE_PER_UNIT + 1 };

typedef struct tm_normal_table {
    double cdf[TM_NORMAL_TABLE_SIZE]; /* at -9, -9 + 1/16, ... 9 */
    double density[TM_NORMAL_TABLE_SIZE];
} tm_normal_table;

void tm_normal_table_init(tm_normal_table *table);

/* To 1e-13 relative; beyond 9 in absolute value it asks tm_normal_cdf. */
double tm_normal_table_cdf(const tm_normal_table *table, double x);

/* 0 < p < 1; to 1e-13, and cut off at 9 in absolute value. */
double tm_normal_table_quantile(const tm_normal_table *table, double p);

#endif
