/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "adjustments/adjustment.h"

const tm_adjustment *tm_adjustment_find(const char *key)
{
    for (int a = 0; a < tm_n_adjustments; a++)
        if (strcmp(tm_adjustments[a]->key, key) == 0) return tm_adjustments[a];
    return NULL;
}

double *tm_adjustment_cell(const tm_adjustment *adjustment, temoin_row *row)
{
    return (double *)(void *)((char *)row + adjustment->column);
}

double tm_adjustment_value(const tm_adjustment *adjustment, const temoin_row *row)
{
    return *(const double *)(const void *)((const char *)row + adjustment->column);
}
