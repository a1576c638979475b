/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who serves whom: clients by worker and arm, and what that lets anybody tell apart. */
#ifndef TM_PROVIDER_GRAPH_H
#define TM_PROVIDER_GRAPH_H

#include "base/failure.h"
#include "designs/assignment_struct.h"
#include "inference/recommended_method.h"

typedef struct tm_provider_graph {
    const temoin_assignment *assignment;
    int32_t n_providers; /* of the data; some may have no client in an arm */
    int32_t n_arms;
    const int32_t *provider; /* [n_units] -1: none */
    const char *const *name; /* [n_providers] */
    const int64_t *n;        /* [n_providers * n_arms] clients */
    const int64_t *n_blank;  /* [n_arms] clients without a worker */
    bool worker_is_stratum;  /* of two to four strata, none has two workers in an arm that has workers */
} tm_provider_graph;

/* What can be told apart. */
typedef struct tm_provider_verdict {
    const char *key;    /* as temoin_provider_structure's */
    const char *reason; /* key of a note */
    int64_t fewest;     /* workers, of the arms that have any */
} tm_provider_verdict;

/* NULL: the plan has no providers, or no client has one. Scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_provider_graph_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                        const tm_provider_graph **out);

int64_t tm_provider_graph_workers(const tm_provider_graph *graph, int32_t arm);

/* What is recommended for the plan's structure and the numbers of workers of the arms `arm` [n]. */
tm_recommended tm_provider_graph_recommended(const tm_provider_graph *graph, const int32_t *arm, int32_t n);

/* Of the arms `arm` [n]. In this order:
 *
 *     not_identifiable   an arm with workers has one (one_worker_in_arm; one_worker_in_total);
 *                        each worker has one client (every_worker_one_client); of two to four strata none has two
 *                        workers of an arm (worker_is_stratum), so that a comparison within strata is one of workers
 *     randomized_workers the plan or the design says that workers were drawn for the arms (workers_randomized)
 *     crossed            a worker has clients in several of the arms (workers_crossed)
 *     one_arm            one arm only has workers (workers_one_arm)
 *     weak               two to four workers in an arm (few_workers)
 *     adequate           five or more in each (enough_workers)
 *
 * Arms without any worker do not count, except that they make it one_arm. key "": none of the arms has workers.
 */
tm_provider_verdict tm_provider_verdict_of(const tm_provider_graph *graph, const int32_t *arm, int32_t n);

/* Whether workers of these arms are too few, or too mixed up with something else, for any of them to be told from the
 * effect. */
static inline bool tm_provider_verdict_refuses(const tm_provider_verdict *verdict)
{
    return verdict->key[0] == 'n'; /* not_identifiable */
}

#endif
