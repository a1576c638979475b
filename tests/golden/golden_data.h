/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference data sets and their results, as their README describes them. */
#ifndef TM_GOLDEN_DATA_H
#define TM_GOLDEN_DATA_H

#include <jansson.h>

#include "check.h"
#include "temoin/frame.h"

typedef struct golden_data {
    const char *name;
    const char *control; /* the reference arm */
    const temoin_frame *clients;
    const temoin_frame *outcomes;
    const int64_t *client; /* [outcomes' rows] row of `clients` */
    json_t *results;
} golden_data;

/* One result; texts are NULL and numbers NaN where the file has null or nothing. */
typedef struct golden_result {
    const char *id, *family, *estimator, *outcome, *wave, *contrast, *term, *formula, *vcov, *weights, *cluster,
        *strata;
    double n, estimate, se, df, t, p, ci_low, ci_high, level, rtol;
    json_t *filter, *extra;
} golden_result;

extern const char *const golden_data_sets[]; /* NULL beyond the last */

/* The folder of the data sets, NULL when it is not there. */
const char *golden_folder(void);

void golden_open(temoin_context *ctx, const char *name, golden_data *out);
void golden_close(golden_data *data);

int golden_n_results(const golden_data *data);
golden_result golden_result_at(const golden_data *data, int index);
/* The result of that id; the test ends when there is none. */
golden_result golden_result_find(const golden_data *data, const char *id);

/* An outcome at a wave, NaN where missing, [clients' rows]; NULL when the name is none that is known. Derived outcomes
 * (`missing(x)`, `log(x) if …`, shares) and, for wave NULL, columns of the clients are made here. */
const double *golden_values(temoin_context *ctx, const golden_data *data, const char *outcome, const char *wave);

/* True when all conditions hold for the client. */
bool golden_keeps(const golden_data *data, const golden_result *result, int64_t client);

void *golden_take(temoin_context *ctx, int64_t n, size_t size);

#endif
