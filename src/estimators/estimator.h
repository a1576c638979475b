/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An estimator turns a sample into effects: most into a linear model, and say which linear combinations of it are the
 * effects; the others compute them themselves.
 *
 * To add one: write <key>.c with `const tm_estimator tm_estimator_<key>`, add the key to this folder's meson.build. The
 * contract tests, `temoin list estimators` and the report's methods section find it from there. */
#ifndef TM_ESTIMATOR_H
#define TM_ESTIMATOR_H

#include "base/failure.h"
#include "estimators/effect.h"
#include "moments/model.h"

/* What an estimator that is no linear model works on. */
typedef struct tm_request {
    const tm_sample *sample;
    const char *variance;     /* one of the estimator's `variances` */
    const double *arm_weight; /* [n_contrasts * n_arms] */
    int32_t n_contrasts;
    double level;
} tm_request;

/* What an outcome must be. */
typedef enum tm_outcome {
    TM_OUTCOME_ANY,          /* effects follow a + b y */
    TM_OUTCOME_BINARY,       /* 0 or 1 */
    TM_OUTCOME_NOT_NEGATIVE, /* 0 or more */
    TM_OUTCOME_TIME,         /* until an event, or until the client was last seen */
} tm_outcome;

/* What an effect is measured in, where it is not the measure's own unit. */
typedef enum tm_unit {
    TM_UNIT_OF_MEASURE,
    TM_UNIT_LOG_RATIO, /* natural logarithm of a ratio of risks or odds */
    TM_UNIT_NONE,      /* a pure number, the same whatever the measure's unit */
} tm_unit;

/* How an estimator takes the waves of a measure. */
typedef enum tm_waves_taken {
    TM_WAVES_SINGLE, /* each by itself */
    TM_WAVES_POOLED, /* all together, for one effect */
    TM_WAVES_PATH,   /* all together, for an effect at each */
    TM_WAVES_CHANGE, /* all together, those after against the baseline wave */
} tm_waves_taken;

typedef struct tm_estimator {
    const char *key;
    const char *title_en;
    const char *title_fr;
    const char *cites;
    tm_unit unit; /* of value, se and interval */
    bool takes_covariates;
    tm_outcome outcome;
    bool takes_horizon;          /* looks at a time that the estimate may name */
    bool blockwise;              /* the model is block means only: block-wise variances apply */
    bool compares_within_strata; /* needs no weights where probabilities differ between strata */
    /* Fills the model but for its sample, contrasts and arm weights, which are set on entry. left_out [n_contrasts]:
     * rows of strata in which the contrast does not exist. Scratch arena. */
    temoin_status (*build)(temoin_context *ctx, tm_model *model, int64_t *left_out);
    /* Or, of one that is no linear model (build is NULL): fills out [n_contrasts], which come without numbers, with n
     * and n_clusters set, and only for contrasts whose arms all have somebody; it may rewind scratch. */
    temoin_status (*run)(temoin_context *ctx, const tm_request *request, tm_effect *out);
    const char *variances; /* keys of those it takes, "classical hc0 cr0"; NULL: all that are linear */
    /* The model is of the outcome on arms, and the effect wanted is that of receipt, which the arms are the instrument
     * of: see inference/instrumented.h. */
    bool instrumented;
    bool at_quantile;      /* asks for the estimate's `quantile` */
    tm_waves_taken waves;  /* other than single: rows client × wave, and clustered variances only */
    bool moves_with_level; /* effects follow b y, but not a + b y */
    bool weighs_by_design; /* asks for the sample's `chances`, and takes no weights */
    bool takes_sites;      /* asks for the providers' sites */
    bool normal;           /* with instrumented: normal reference, the delta method's */
} tm_estimator;

extern const tm_estimator *const tm_estimators[];
extern const int tm_n_estimators;

/* NULL when there is no such key. */
const tm_estimator *tm_estimator_find(const char *key);

#endif
