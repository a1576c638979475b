/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernels/kernels.h"

#include <string.h>

extern const tm_kernels tm_kernels_ref, tm_kernels_base;
#ifdef __x86_64__
extern const tm_kernels tm_kernels_v3, tm_kernels_v4;
#endif

const tm_kernels *tm_kernels_level(int index)
{
    const tm_kernels *levels[4] = {&tm_kernels_ref, &tm_kernels_base};
    int n = 2;
#ifdef __x86_64__
    if (__builtin_cpu_supports("x86-64-v3")) levels[n++] = &tm_kernels_v3;
    if (__builtin_cpu_supports("x86-64-v4")) levels[n++] = &tm_kernels_v4;
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
