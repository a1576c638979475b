/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Minimum and median of repeated runs. */
#ifndef TM_STOPWATCH_H
#define TM_STOPWATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STOPWATCH_RUNS = 64 };

typedef struct stopwatch {
    double seconds[STOPWATCH_RUNS];
    int n;
} stopwatch;

static inline double stopwatch_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of one thread: what others do on the machine does not count. */
static inline double stopwatch_own(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void stopwatch_add_own(stopwatch *watch, double start)
{
    if (watch->n < STOPWATCH_RUNS) watch->seconds[watch->n++] = stopwatch_own() - start;
}

static inline void stopwatch_add(stopwatch *watch, double start)
{
    if (watch->n < STOPWATCH_RUNS) watch->seconds[watch->n++] = stopwatch_now() - start;
}

static inline int stopwatch_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the runs: the minimum is seconds[0], the median seconds[n / 2]. */
static inline void stopwatch_finish(stopwatch *watch)
{
    qsort(watch->seconds, (size_t)watch->n, sizeof *watch->seconds, stopwatch_order);
}

#endif
