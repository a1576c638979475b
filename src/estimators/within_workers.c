/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "estimators/ols_model.h"

/* y on arms and covariates with the clusters of each stratum absorbed, so that clients are compared with others of the
 * same caseworker and the same chances only: what workers do to all of their clients alike drops out. Workers who serve
 * one arm carry no contrast, and their clients are those of the note stratum_without_contrast. A worker of several
 * strata is one in each. */
typedef struct pair {
    int32_t cluster, stratum;
    int64_t row;
} pair;

static int by_pair(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    if (p->cluster != q->cluster) return p->cluster < q->cluster ? -1 : 1;
    if (p->stratum != q->stratum) return p->stratum < q->stratum ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    const tm_sample *sample = model->sample;
    tm_sample within = *sample;
    pair *pairs;
    int32_t *group;
    TM_SCRATCH(ctx, pairs, sample->n);
    TM_SCRATCH(ctx, group, sample->n);
    for (int64_t i = 0; i < sample->n; i++)
        pairs[i] = (pair){sample->cluster ? sample->cluster[i] : (int32_t)i, sample->stratum[i], i};
    qsort(pairs, (size_t)sample->n, sizeof *pairs, by_pair);
    within.n_strata = 0;
    for (int64_t k = 0; k < sample->n; k++) {
        within.n_strata +=
            k == 0 || pairs[k].cluster != pairs[k - 1].cluster || pairs[k].stratum != pairs[k - 1].stratum;
        group[pairs[k].row] = within.n_strata - 1;
    }
    within.stratum = group;
    model->sample = &within;
    TM_TRY(tm_ols_build(ctx, model, left_out));
    model->sample = sample;
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_within_workers = {
    .key = "within_workers",
    .title_en = "regression within caseworkers (clusters), absorbed in each stratum",
    .title_fr = "régression au sein de chaque intervenant (grappe), absorbé dans chaque strate",
    .cites = "Wooldridge 2010, ch. 10; Raudenbush 1997",
    .takes_covariates = true,
    .build = build,
};
