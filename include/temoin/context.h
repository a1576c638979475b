/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_CONTEXT_H
#define TEMOIN_CONTEXT_H

#include <stddef.h>

#include "temoin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Owns everything that a run allocates, its problems, and how it computes.
 *
 * What a stage returns lives until `temoin_context_free`. A context serves one thread; two contexts share nothing.
 */
typedef struct temoin_context temoin_context;

typedef struct temoin_context_opts {
    int threads;     /**< worker threads; 0: as many as there are processors */
    const char *cpu; /**< kernel level, see `temoin list cpu`; NULL: the best that this machine runs */
    /** Called now and then by long work; `done` in [0, 1]. NULL: silent. */
    void (*progress)(void *data, const char *stage, double done);
    void *progress_data;
    /** The value of a variable of the environment that a plan names (`design.seed_env`), NULL when it is not set. NULL:
     * plans that name one are rejected. */
    const char *(*environment)(const char *name);
    const char
        *seed_file; /**< holds the secret seed, wherever a plan says that it is; NULL: what the plan says holds */
} temoin_context_opts;

#define TEMOIN_CONTEXT_OPTS_INIT                                                                                       \
    {                                                                                                                  \
        0, NULL, NULL, NULL, NULL, NULL                                                                                \
    }

/** Opens a context.
 *
 * Errors   TEMOIN_ERR_MEMORY; TEMOIN_ERR_USAGE if `cpu` names no level that this machine runs. `*out` is NULL then.
 */
TEMOIN_MUST_CHECK temoin_status temoin_context_build(const temoin_context_opts *opts, temoin_context **out);

/** Closes a context and releases everything it owns; NULL is allowed. */
void temoin_context_free(temoin_context *context);

/** What went wrong: after a failure at least one text, at most twenty, in the order found. Each says what was found,
 * where, what is allowed and what to do. The texts live as long as the context. */
size_t temoin_context_n_problems(const temoin_context *context);
const char *temoin_context_problem(const temoin_context *context, size_t index);

/** Problems beyond the twentieth: counted, not kept. From a thousand on there may be more: nobody counts further. */
size_t temoin_context_n_problems_dropped(const temoin_context *context);

#ifdef __cplusplus
}
#endif
#endif
