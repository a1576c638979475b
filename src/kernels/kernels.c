/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernels/kernels.h"

#include <string.h>

extern const tm_kernels tm_kernels_ref, tm_kernels_base;
#ifdef __x86_64__
extern const tm_kernels tm_kernels_v3, tm_kernels_v4;
#endif

#ifdef __x86_64__
/* By features, because clang 14 knows no names of levels; a processor with these has the rest of its level too. */
static int runs_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

static int runs_v4(void)
{
    return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

const tm_kernels *tm_kernels_level(int index)
{
    const tm_kernels *levels[4] = {&tm_kernels_ref, &tm_kernels_base};
    int n = 2;
#ifdef __x86_64__
    if (runs_v3()) levels[n++] = &tm_kernels_v3;
    if (runs_v4()) levels[n++] = &tm_kernels_v4;
#endif
    return index >= 0 && index < n ? levels[index] : NULL;
}

const tm_kernels *tm_kernels_find(const char *name)
{
    const tm_kernels *found = NULL;
    for (int l = 0; tm_kernels_level(l); l++)
        if (!name || strcmp(tm_kernels_level(l)->name, name) == 0) found = tm_kernels_level(l);
    return found;
}
