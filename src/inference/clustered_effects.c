/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/clustered_effects.h"

#include "inference/cluster_summary.h"

/* With fewer clusters in an arm, the signs of their residuals make a few values only of the numerator and inflate the
 * denominator with it. */
enum { FEW_TREATED = 6 };

/* The same fit with the parts of clusters as its clusters, and the cluster of each part. */
static temoin_status fit_parts(temoin_context *ctx, const tm_fit *fit, tm_bootstrap_options *options,
                               const tm_fit **out)
{
    const tm_sample *whole = fit->model->sample;
    tm_sample *sample;
    tm_model *model;
    int32_t *owner;
    TM_SCRATCH(ctx, sample, 1);
    TM_SCRATCH(ctx, model, 1);
    TM_SCRATCH(ctx, owner, whole->n_subclusters);
    for (int64_t i = 0; i < whole->n; i++) owner[whole->subcluster[i]] = whole->cluster[i];
    *sample = *whole;
    sample->cluster = whole->subcluster;
    sample->n_clusters = whole->n_subclusters;
    *model = *fit->model;
    model->sample = sample;
    options->owner = owner;
    options->n_owners = whole->n_clusters;
    return tm_fit_build(ctx, model, out);
}

static void keep_bootstrap(const tm_bootstrap *b, double unit, tm_effect *out)
{
    if (b->refused) {
        tm_notes_add(&out->notes, b->refused);
        return;
    }
    out->p_bootstrap = b->p;
    out->ci_bootstrap_low = isinf(b->ci_low) ? NAN : b->ci_low * unit;
    out->ci_bootstrap_high = isinf(b->ci_high) ? NAN : b->ci_high * unit;
    out->n_bootstrap = b->n_draws;
    if (b->enumerated) tm_notes_add_count(&out->notes, "bootstrap_enumerated", b->n_draws);
    if (isinf(b->ci_low) || isinf(b->ci_high)) tm_notes_add(&out->notes, "bootstrap_unbounded");
    if (b->disjoint) tm_notes_add(&out->notes, "bootstrap_disjoint");
}

static temoin_status run_bootstrap(temoin_context *ctx, const tm_fit *fit, const tm_clustered_request *request,
                                   double unit, const temoin_clusters *clusters, int32_t contrast, tm_effect *out)
{
    tm_bootstrap_options options = *request->bootstrap;
    tm_bootstrap b;
    if (fit->model->sample->subcluster) TM_TRY(fit_parts(ctx, fit, &options, &fit));
    TM_TRY(tm_bootstrap_run(ctx, fit, contrast, &options, &b));
    keep_bootstrap(&b, unit, out);
    int64_t n_arm = clusters->n_arm, n_reference = clusters->n_reference,
            fewest = n_arm < n_reference ? n_arm : n_reference;
    if (!b.refused && !options.owner && !options.unrestricted && fewest < FEW_TREATED)
        tm_notes_add(&out->notes, "few_treated_clusters");
    return TEMOIN_OK;
}

temoin_status tm_clustered_effects_run(temoin_context *ctx, const tm_fit *fit, const tm_clustered_request *request,
                                       double unit, tm_effect *out)
{
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(out[c].value)) continue;
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        temoin_clusters *clusters;
        TM_ALLOC(ctx, clusters, 1);
        TM_TRY(tm_cluster_summary_run(ctx, fit, c, clusters));
        clusters->without_one_low *= unit;
        clusters->without_one_high *= unit;
        if (request->summaries) out[c].clusters = clusters;
        if (request->bootstrap && !isnan(out[c].se))
            TM_TRY(run_bootstrap(ctx, fit, request, unit, clusters, c, &out[c]));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}
