/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/provider_sample.h"

temoin_status tm_provider_sample_build(temoin_context *ctx, const temoin_assignment *assignment, const tm_sample *from,
                                       tm_provider_sample *out)
{
    int32_t n_providers = 0, n = 0, *number, *provider, *cluster;
    const int32_t *provider_of = tm_assignment_provider(assignment, &n_providers);
    TM_SCRATCH(ctx, cluster, from->n);
    TM_SCRATCH(ctx, number, n_providers);
    TM_SCRATCH(ctx, provider, n_providers);
    for (int64_t i = 0; provider_of && i < from->n; i++)
        if (provider_of[from->unit[i]] >= 0) number[provider_of[from->unit[i]]] = 1;
    for (int32_t p = 0; p < n_providers; p++) {
        if (number[p]) provider[n] = p;
        number[p] = number[p] ? n++ : -1;
    }
    *out = (tm_provider_sample){*from, n, provider};
    for (int64_t i = 0; i < from->n; i++) {
        const int32_t p = provider_of ? provider_of[from->unit[i]] : -1;
        if (p < 0 && i > 0 && from->unit[i] == from->unit[i - 1])
            cluster[i] = cluster[i - 1]; /* several waves of a client */
        else
            cluster[i] = p < 0 ? n++ : number[p];
    }
    out->sample.cluster = cluster;
    out->sample.n_clusters = n;
    out->sample.subcluster = NULL;
    out->sample.n_subclusters = 0;
    return TEMOIN_OK;
}
