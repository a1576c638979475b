/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_TIPPING_ROWS_H
#define TM_TIPPING_ROWS_H

#include "checks/row_effect.h"
#include "inference/tipping.h"

/* The tipping point of an effect: `value` is the row's, arms are those of the estimator's own fit; of one that is no
 * linear model, those of an ordinary regression on the same clients, strata and covariates. */
TEMOIN_MUST_CHECK temoin_status tm_row_tipping_build(temoin_context *ctx, const tm_row_effect *effect,
                                                     const temoin_row *row, tm_tipping *out);

/* What the data say of a measure at a wave, within arms: the first by the analysis of variance, which has Searle's
 * interval; NULL: nothing. */
const temoin_icc *tm_results_find_icc(const temoin_results *results, const char *measure, const char *wave);

/* Fills icc, icc_low and icc_high of rows at one wave from the results, and icc_tipping of those that compare the
 * means of two arms at one wave, among everybody. */
TEMOIN_MUST_CHECK temoin_status tm_tipping_rows_fill(temoin_context *ctx, const temoin_assignment *assignment,
                                                     const temoin_results *results, temoin_row *rows);

#endif
