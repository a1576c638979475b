/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics/midranks.h"

#include <math.h>
#include <string.h>

#include "statistics/statistic.h"

const tm_statistic *tm_statistic_find(const char *key)
{
    for (int s = 0; s < tm_n_statistics; s++)
        if (strcmp(tm_statistics[s]->key, key) == 0) return tm_statistics[s];
    return NULL;
}

double tm_difference_of_means(const tm_sample *sample, const double *score, const double *arm_weight)
{
    double value = 0;
    for (int32_t a = 0; a < sample->n_arms; a++) {
        double sum = 0, n = 0;
        if (arm_weight[a] == 0) continue;
        for (int64_t i = 0; i < sample->n; i++) {
            if (sample->arm[i] != a) continue;
            sum += score[i];
            n++;
        }
        value += arm_weight[a] * (sum / n); /* of nobody: NaN */
    }
    return value;
}
