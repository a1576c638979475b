/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "trial/trial_struct.h"

int32_t tm_trial_find_wave(const temoin_trial *trial, const char *wave)
{
    for (int32_t w = 0; w < trial->n_waves; w++)
        if (strcmp(trial->wave[w], wave) == 0) return w;
    return -1;
}

const double *tm_trial_value(const temoin_trial *trial, int32_t measure, int32_t wave)
{
    return trial->value[(int64_t)measure * trial->n_waves + wave];
}
