/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outcome files between reading (outcomes.c) and the arrays they fill (outcome_rows.c). */
#ifndef TM_OUTCOME_FILES_H
#define TM_OUTCOME_FILES_H

#include "trial/trial_parts.h"

/* A column that holds a measure: at one wave (wide files, files without waves), or at the wave of each row. */
typedef struct tm_source {
    int32_t measure;
    const temoin_column *column;
    const char *wave_text; /* NULL: the row's */
    int32_t wave;          /* -1: the row's */
} tm_source;

typedef struct tm_outcome_file {
    const tm_plan_file *plan;
    int32_t index; /* in the plan's list */
    const char *name;
    const temoin_frame *frame;
    const temoin_column *id;
    const temoin_column *wave;     /* NULL: one row per client */
    const temoin_column *measure;  /* tall, else NULL */
    const temoin_column *value;    /* tall, else NULL */
    const temoin_column *worker;   /* of `providers.over_time`; NULL: the file does not say */
    const temoin_column *assigned; /* NULL: the file does not repeat the arm */
    tm_source *source;             /* none in a tall file */
    int32_t n_sources;
    int32_t *measure_of; /* tall: [measure->n_levels] index of a declared measure, -1 others */
    double *number;      /* tall: [value->n_levels] the value that a cell text spells, NaN none */
    int32_t *wave_of;    /* [wave->n_levels] wave of the trial */
    int32_t *unit;       /* [n_rows] */
} tm_outcome_file;

/* Clients, arms, waves, values and repeated rows of one file. TEMOIN_ERR_MEMORY, else problems. */
TEMOIN_MUST_CHECK temoin_status tm_outcome_rows_validate(temoin_context *ctx, const temoin_trial *trial,
                                                         tm_outcome_file *file);

/* The text as a number: digits with the file's decimal separator, or a flag word. NaN: neither. */
double tm_outcome_number(const char *text, char decimal);

/* Finds `worker` of the files, the plan's. TEMOIN_ERR_PLAN: no file has the column, or one without waves has. */
TEMOIN_MUST_CHECK temoin_status tm_over_time_find(temoin_context *ctx, const temoin_plan *plan, tm_outcome_file *files);

/* over_time of the trial, from files whose rows are valid. TEMOIN_ERR_DATA: a client with two workers at a wave. */
TEMOIN_MUST_CHECK temoin_status tm_over_time_build(temoin_context *ctx, temoin_trial *trial,
                                                   const tm_outcome_file *files);

/* value and seen of the trial. TEMOIN_ERR_DATA when two files hold the same value of a client. */
TEMOIN_MUST_CHECK temoin_status tm_outcome_rows_merge(temoin_context *ctx, temoin_trial *trial,
                                                      const tm_outcome_file *files, int32_t n_files);

#endif
