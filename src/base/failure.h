/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a context, and the only two ways to fail.
 *
 *   TM_TRY(expr)            pass a failure on
 *   TM_FAIL(ctx, status, …) raise one, with the text a user reads
 *
 * A stage that can find many problems calls `tm_problem` for each and ends with `TM_TRY(tm_problems_end(ctx, mark,
 * status))`. Nothing needs manual cleanup: memory lives in the context's arenas. Files and foreign objects are opened
 * and closed in one function, with the work that may fail in an inner one.
 */
#ifndef TM_FAILURE_H
#define TM_FAILURE_H

#include <stdbool.h>

#include "base/arena.h"
#include "temoin/context.h"

enum { TM_PROBLEMS_KEPT = 20, TM_PROBLEMS_COUNTED = 1000 };

struct tm_kernels;

struct temoin_context {
    tm_arena results; /* what stages return */
    tm_arena scratch; /* marked on entry, rewound on exit */
    const struct tm_kernels *kernels;
    int threads; /* at least 1 */
    void (*progress)(void *data, const char *stage, double done);
    void *progress_data;
    const char *(*environment)(const char *name);
    const char *seed_file;
    const char *problem[TM_PROBLEMS_KEPT];
    size_t n_problems;
    size_t n_problems_dropped;
};

/* Threads for a loop of so many multiplications. On a machine that is busy, a short loop on two threads waits
 * milliseconds for the second one to get its turn. */
static inline int tm_threads_for(const temoin_context *ctx, double n_multiplications)
{
    return n_multiplications < 1 << 20 ? 1 : ctx->threads;
}

#define TM_TRY(expr)                                                                                                   \
    do {                                                                                                               \
        temoin_status tm_try_status_ = (expr);                                                                         \
        if (tm_try_status_ != TEMOIN_OK) return tm_try_status_;                                                        \
    } while (0)

#define TM_FAIL(ctx, status, ...) return tm_fail((ctx), (status), __VA_ARGS__)

/* pointer = n zeroed objects that live as long as the context. */
#define TM_ALLOC(ctx, pointer, n)                                                                                      \
    do {                                                                                                               \
        (pointer) = tm_arena_take(&(ctx)->results, (n), sizeof *(pointer));                                            \
        if (!(pointer)) return tm_fail_memory(ctx);                                                                    \
    } while (0)

/* pointer = n zeroed objects that live until the scratch mark is rewound. */
#define TM_SCRATCH(ctx, pointer, n)                                                                                    \
    do {                                                                                                               \
        (pointer) = tm_arena_take(&(ctx)->scratch, (n), sizeof *(pointer));                                            \
        if (!(pointer)) return tm_fail_memory(ctx);                                                                    \
    } while (0)

/* Records the text and returns the status. */
TEMOIN_MUST_CHECK TEMOIN_PRINTF(3, 4) temoin_status
    tm_fail(temoin_context *ctx, temoin_status status, const char *format, ...);
TEMOIN_MUST_CHECK temoin_status tm_fail_memory(temoin_context *ctx);
/* TEMOIN_ERR_MEMORY if any allocation of the context ever failed. Whoever finishes a text, a document or a verdict asks
 * here, so that no missing piece of it goes unnoticed, whoever should have looked. */
TEMOIN_MUST_CHECK temoin_status tm_memory_end(temoin_context *ctx);

/* Records one of several problems; the stage goes on. */
TEMOIN_PRINTF(2, 3) void tm_problem(temoin_context *ctx, const char *format, ...);

/* How many problems there are so far, kept or dropped: take it before a stage … */
size_t tm_problems_mark(const temoin_context *ctx);
/* … and ask here whether the stage found any: `status` if so. */
TEMOIN_MUST_CHECK temoin_status tm_problems_end(const temoin_context *ctx, size_t mark, temoin_status status);
/* True once a collecting stage may stop looking: twenty are kept and a thousand more are counted. */
bool tm_problems_full(const temoin_context *ctx);

/* A copy of a printf'd text in the result arena; NULL when memory is out. */
TEMOIN_PRINTF(2, 3) const char *tm_text(temoin_context *ctx, const char *format, ...);
/* A copy of `length` bytes with a NUL behind it; NULL when memory is out. */
const char *tm_text_copy(temoin_context *ctx, const char *bytes, size_t length);

void tm_progress(temoin_context *ctx, const char *stage, double done);

#endif
