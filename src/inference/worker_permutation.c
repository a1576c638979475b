/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/worker_permutation.h"

#include <math.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "inference/arm_source.h"
#include "numeric/counting.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

enum { BLOCK = 64 };            /* redraws that follow each other by single jumps */
static const double tie = 1e-9; /* of the total sum of squares */

/* Clients by arm, and by worker within it. */
typedef struct permuting {
    const tm_sample *sample;
    const tm_worker_groups *groups;
    double *y;      /* [n] less the arm's mean, arm by arm, in the order of the sample */
    int64_t *first; /* [n_arms + 1] of each arm among them */
    int32_t *group; /* [n] of those clients */
    double total;   /* Σ y² */
} permuting;

static temoin_status sort_clients(temoin_context *ctx, permuting *p)
{
    const tm_sample *s = p->sample;
    const tm_worker_groups *groups = p->groups;
    int64_t *next;
    TM_SCRATCH(ctx, p->y, s->n);
    TM_SCRATCH(ctx, p->group, s->n);
    TM_SCRATCH(ctx, p->first, (int64_t)groups->n_arms + 1);
    TM_SCRATCH(ctx, next, groups->n_arms);
    for (int32_t a = 0; a < groups->n_arms; a++) {
        next[a] = p->first[a];
        p->first[a + 1] = p->first[a] + (int64_t)groups->arm_n[a];
    }
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t a = groups->arm[groups->group[i]];
        const int64_t at = next[a]++;
        p->y[at] = s->y[i] / groups->unit - groups->arm_mean[a];
        p->group[at] = groups->group[i];
        p->total += p->y[at] * p->y[at];
    }
    return TEMOIN_OK;
}

/* Σ (Σ y)² / m, of clients in the order of the workers. */
static double between_dealt(const tm_worker_groups *groups, const double *y)
{
    double statistic = 0;
    for (int32_t g = 0; g < groups->n_groups; g++) {
        double sum = 0;
        const int64_t m = (int64_t)groups->n[g];
        for (int64_t k = 0; k < m; k++) sum += y[k];
        statistic += sum * sum / (double)m;
        y += m;
    }
    return statistic;
}

/* The same with each client's worker; sum [n_groups] is room. */
static double between_named(const permuting *p, const int32_t *group, double *sum)
{
    const tm_worker_groups *groups = p->groups;
    double statistic = 0;
    memset(sum, 0, (size_t)groups->n_groups * sizeof *sum);
    for (int64_t i = 0; i < p->sample->n; i++) sum[group[i]] += p->y[i];
    for (int32_t g = 0; g < groups->n_groups; g++) statistic += sum[g] * sum[g] / groups->n[g];
    return statistic;
}

/* Π_arm N! / Π m! */
static double count_arrangements(const tm_worker_groups *groups)
{
    double log_count = 0;
    for (int32_t a = 0; a < groups->n_arms; a++) log_count += tm_log_factorial((int64_t)groups->arm_n[a]);
    for (int32_t g = 0; g < groups->n_groups; g++) log_count -= tm_log_factorial((int64_t)groups->n[g]);
    return round(tm_exp(fmin(log_count, 700)));
}

static bool is_extreme(const permuting *p, double statistic, double observed)
{
    return statistic >= observed - tie * p->total;
}

/* Every arrangement: clients are the rows of a shuffle, their workers its arms, and the arms its blocks. */
static temoin_status go_through(temoin_context *ctx, const permuting *p, int64_t most, tm_worker_permutation *out)
{
    const tm_worker_groups *groups = p->groups;
    const int64_t n = p->sample->n;
    int32_t *self, *block;
    double *sum;
    void *room;
    tm_arm_source source;
    tm_drawn_rows rows = {0};
    TM_SCRATCH(ctx, self, n);
    TM_SCRATCH(ctx, block, n);
    TM_SCRATCH(ctx, rows.arm, n);
    TM_SCRATCH(ctx, sum, groups->n_groups);
    for (int64_t i = 0; i < n; i++) self[i] = (int32_t)i, block[i] = groups->arm[p->group[i]];
    const tm_shuffle shuffle = {.n = n,
                                .arm = p->group,
                                .group = self,
                                .n_groups = n,
                                .block = block,
                                .group_arm = p->group,
                                .n_blocks = groups->n_arms,
                                .n_arms = groups->n_groups,
                                .trial_id = ""};
    TM_TRY(tm_shuffle_source_build(ctx, &shuffle, most, &source));
    TM_TRY(source.open(ctx, &source, &room));
    for (int64_t d = 0; d < source.n_draws; d++) {
        TM_TRY(source.draw(ctx, &source, room, d, &rows));
        out->n_extreme += is_extreme(p, between_named(p, rows.arm, sum), out->statistic);
    }
    out->n_draws = source.n_draws;
    out->p = out->p_low = out->p_high = (double)out->n_extreme / (double)out->n_draws;
    return TEMOIN_OK;
}

static void shuffle(const permuting *p, tm_pcg64 rng, double *y)
{
    memcpy(y, p->y, (size_t)p->sample->n * sizeof *y);
    for (int32_t a = 0; a < p->groups->n_arms; a++) {
        double *of_arm = y + p->first[a];
        for (int64_t k = p->first[a + 1] - p->first[a] - 1; k > 0; k--) {
            const int64_t j = (int64_t)tm_pcg64_bounded(&rng, (uint64_t)k + 1);
            const double swap = of_arm[k];
            of_arm[k] = of_arm[j];
            of_arm[j] = swap;
        }
    }
}

static temoin_status redraw(temoin_context *ctx, const permuting *p, const tm_pcg64 *stream, int64_t draws,
                            double level, tm_worker_permutation *out)
{
    const int64_t n = p->sample->n;
    const int threads = tm_threads_for(ctx, 10.0 * (double)draws * (double)n);
    const double observed = out->statistic;
    const tm_pcg64_stride jump = tm_pcg64_stride_of(stream, TM_PCG64_JUMP);
    double *room;
    int64_t extreme = 0;
    TM_SCRATCH(ctx, room, n * threads);
#pragma omp parallel for num_threads(threads) schedule(static) reduction(+ : extreme)
    for (int64_t block = 0; block < (draws + BLOCK - 1) / BLOCK; block++) {
#ifdef _OPENMP
        double *y = room + omp_get_thread_num() * n;
#else
        double *y = room;
#endif
        tm_pcg64 rng = *stream;
        tm_pcg64_advance(&rng, (tm_uint128)(block * BLOCK) * TM_PCG64_JUMP);
        for (int64_t r = block * BLOCK; r < draws && r < (block + 1) * BLOCK; r++) {
            tm_pcg64_leap(&rng, jump);
            shuffle(p, rng, y);
            extreme += is_extreme(p, between_dealt(p->groups, y), observed);
        }
    }
    out->n_draws = draws;
    out->n_extreme = extreme;
    out->p = (double)(extreme + 1) / (double)(draws + 1);
    tm_binomial_interval((double)extreme, (double)draws, level, &out->p_low, &out->p_high);
    return TEMOIN_OK;
}

temoin_status tm_worker_permutation_run(temoin_context *ctx, const tm_sample *sample, const tm_worker_groups *groups,
                                        const tm_pcg64 *stream, int64_t most, double level, tm_worker_permutation *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    permuting p = {.sample = sample, .groups = groups};
    double *sum;
    *out = (tm_worker_permutation){.statistic = NAN, .p = NAN, .p_low = NAN, .p_high = NAN};
    if (groups->n_groups == groups->n_arms || !groups->varies) return TEMOIN_OK;
    TM_TRY(sort_clients(ctx, &p));
    TM_SCRATCH(ctx, sum, groups->n_groups);
    out->statistic = between_named(&p, p.group, sum);
    out->exact = count_arrangements(groups) <= (double)most;
    if (out->exact)
        TM_TRY(go_through(ctx, &p, most, out));
    else
        TM_TRY(redraw(ctx, &p, stream, most, level, out));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
