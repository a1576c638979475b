/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel_bench.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"

enum { IN_CACHE = 1024, IN_MEMORY = 1 << 22, N_COLUMNS = 8, REPEATS = 21, N_DRAWS = 64 };

typedef struct bench_data {
    const tm_kernels *level;
    double *column[N_COLUMNS];
    int64_t n;
    volatile double kept; /* a result that is used cannot be left out */
} bench_data;

typedef struct bench_row {
    const char *name;
    double bytes; /* moved per element: the limit where memory is what it waits for */
    void (*run)(bench_data *data);
} bench_row;

static void run_read(bench_data *d)
{
    uint64_t bits = 0, word;
    for (int64_t i = 0; i < d->n; i++) memcpy(&word, d->column[0] + i, sizeof word), bits ^= word;
    d->kept = (double)bits;
}

static void run_copy(bench_data *d)
{
    memcpy(d->column[1], d->column[0], (size_t)d->n * sizeof(double));
    d->kept = d->column[1][d->n / 2];
}

static void run_sum(bench_data *d)
{
    d->kept = d->level->sum(d->column[0], d->n);
}

static void run_dot(bench_data *d)
{
    d->kept = d->level->dot(d->column[0], d->column[1], d->n);
}

static void run_dot3(bench_data *d)
{
    d->kept = d->level->dot3(d->column[0], d->column[1], d->column[2], d->n);
}

static void run_axpy(bench_data *d)
{
    d->level->axpy(1e-9, d->column[0], d->column[1], d->n);
}

static void run_scale(bench_data *d)
{
    d->level->scale(1.0, d->column[1], d->n);
}

static void run_shift(bench_data *d)
{
    d->level->shift(1e-9, d->column[1], d->n);
}

static void run_gram(bench_data *d)
{
    double out[N_COLUMNS * N_COLUMNS];
    const double *columns[N_COLUMNS];
    for (int j = 0; j < N_COLUMNS; j++) columns[j] = d->column[j];
    d->level->gram(columns, N_COLUMNS, d->n, out);
    d->kept = out[N_COLUMNS * N_COLUMNS - 1];
}

/* The draws' bits are those of a column of numbers: any will do. */
static void run_masked_sums(bench_data *d)
{
    double out[N_DRAWS];
    d->level->masked_sums(d->column[0], d->n, (const uint64_t *)d->column[1], (d->n + 63) / 64, N_DRAWS, out, 1);
    d->kept = out[N_DRAWS - 1];
}

static void run_masked_counts(bench_data *d)
{
    double out[N_DRAWS];
    const int64_t n_words = (d->n + 63) / 64;
    d->level->masked_counts((const uint64_t *)d->column[0], n_words, (const uint64_t *)d->column[1], n_words, N_DRAWS,
                            out, 1);
    d->kept = out[N_DRAWS - 1];
}

static const bench_row limits[] = {{"read", 8, run_read}, {"memcpy", 16, run_copy}};
static const bench_row kernels[] = {
    {"sum", 8, run_sum},
    {"dot", 16, run_dot},
    {"dot3", 24, run_dot3},
    {"axpy", 24, run_axpy},
    {"scale", 16, run_scale},
    {"shift", 16, run_shift},
    {"gram of 8", N_COLUMNS * 8, run_gram},
    {"64 masked sums", 16, run_masked_sums},
    {"64 m. counts", 8.125, run_masked_counts},
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nanoseconds per element, sorted: [0] is the minimum, the middle one the median. */
static void time_row(const bench_row *row, bench_data *data, int64_t n, double times[REPEATS])
{
    int64_t calls = n == IN_CACHE ? 1000 : 1;
    data->n = n;
    row->run(data);
    for (int r = 0; r < REPEATS; r++) {
        double start = seconds_now();
        for (int64_t c = 0; c < calls; c++) row->run(data);
        times[r] = (seconds_now() - start) * 1e9 / (double)(calls * n);
    }
    qsort(times, REPEATS, sizeof *times, compare_doubles);
}

static void print_row(const bench_row *row, bench_data *data, const char *level)
{
    double cache[REPEATS], memory[REPEATS];
    time_row(row, data, IN_CACHE, cache);
    time_row(row, data, IN_MEMORY, memory);
    printf("%-14s %-5s %8.3f %8.3f   %8.3f %8.3f %8.1f\n", row->name, level, cache[0], cache[REPEATS / 2], memory[0],
           memory[REPEATS / 2], row->bytes / memory[0]);
}

int bench_kernels(void)
{
    bench_data data = {0};
    double *room = malloc(sizeof(double) * IN_MEMORY * N_COLUMNS);
    if (!room) return 1;
    for (int64_t i = 0; i < (int64_t)IN_MEMORY * N_COLUMNS; i++) room[i] = (double)(i % 1013) / 1013;
    for (int j = 0; j < N_COLUMNS; j++) data.column[j] = room + (int64_t)j * IN_MEMORY;
    printf("nanoseconds per element, minimum and median of %d\n", REPEATS);
    printf("%-14s %-5s %8s %8s   %8s %8s %8s\n", "kernel", "level", "cache", "median", "memory", "median", "GB/s");
    for (size_t r = 0; r < sizeof limits / sizeof *limits; r++) print_row(&limits[r], &data, "-");
    for (size_t r = 0; r < sizeof kernels / sizeof *kernels; r++)
        for (int l = 0; tm_kernels_level(l); l++) {
            data.level = tm_kernels_level(l);
            print_row(&kernels[r], &data, data.level->name);
        }
    free(room);
    return 0;
}
