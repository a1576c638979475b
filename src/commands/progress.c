/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <stdio.h>
#include <time.h>

enum { WIDTH = 40 };

/* Redrawn at most ten times a second, and only once half a second has passed: short work shows nothing. */
void tm_progress_show(void *data, const char *stage, double done)
{
    static struct timespec start, last;
    static int shown;
    struct timespec now;
    (void)data;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start.tv_sec == 0) start = last = now;
    double since_start = (double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec);
    double since_last = (double)(now.tv_sec - last.tv_sec) + 1e-9 * (double)(now.tv_nsec - last.tv_nsec);
    if (done >= 1) {
        if (shown) fprintf(stderr, "\r%*s\r", WIDTH + 30, "");
        shown = 0;
        return;
    }
    if (since_start < 0.5 || since_last < 0.1) return;
    last = now;
    shown = 1;
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++) bar[i] = i < done * WIDTH ? '=' : ' ';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r%-12s [%s] %3d%%", stage, bar, (int)(done * 100));
}
