/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chances from a stream, for whoever deals leftovers: functions of a tm_chance whose `data` begins with a tm_pcg64. */
#ifndef TM_STREAM_CHANCE_H
#define TM_STREAM_CHANCE_H

#include <stdbool.h>

#include "numeric/pcg64.h"

static inline bool tm_stream_rises(void *data, int64_t up, int64_t down)
{
    tm_pcg64 *stream = data;
    return tm_pcg64_bounded(stream, (uint64_t)up + (uint64_t)down) < (uint64_t)down;
}

static inline void tm_stream_takes(void *data, int64_t *pack, int32_t n_arms, int64_t n, int64_t *taken)
{
    tm_pcg64 *stream = data;
    int64_t n_cards = 0;
    for (int32_t a = 0; a < n_arms; a++) n_cards += pack[a];
    for (; n > 0; n--) {
        int64_t k = (int64_t)tm_pcg64_bounded(stream, (uint64_t)n_cards--);
        int32_t a = 0;
        while (k >= pack[a]) k -= pack[a++];
        pack[a]--;
        taken[a]++;
    }
}

#endif
