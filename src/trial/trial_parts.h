/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a trial is put together, step by step; later stages see trial_struct.h only. */
#ifndef TM_TRIAL_PARTS_H
#define TM_TRIAL_PARTS_H

#include "base/failure.h"
#include "trial/trial_struct.h"

/* A column that the plan names, what it must be read as, and where the plan names it. */
typedef struct tm_wanted {
    const char *name;
    temoin_column_type type;
    bool text;
    int line; /* of the plan, when the file must have the column; 0: it may be absent */
} tm_wanted;

typedef struct tm_wanted_list {
    tm_wanted *item;
    int32_t n;
} tm_wanted_list;

/* Room in the scratch arena for the plan's typed columns, which are put in, and `more` others. */
TEMOIN_MUST_CHECK temoin_status tm_wanted_build(temoin_context *ctx, const temoin_plan *plan, int64_t more,
                                                tm_wanted_list *out);
/* Names a column once more: what the plan's `columns` says of its type stays. */
void tm_wanted_add(tm_wanted_list *list, tm_wanted wanted);

/* Reads a file with these columns. TEMOIN_ERR_PLAN names the plan's line of each that is absent. */
TEMOIN_MUST_CHECK temoin_status tm_wanted_read(temoin_context *ctx, const temoin_plan *plan, const tm_plan_file *file,
                                               const char *path, const tm_wanted_list *list, const temoin_frame **out);

/* True beyond 1e150, of which no square can be taken: nobody measured that, but some programs write missing values so.
 */
bool tm_number_is_beyond(double x);
void tm_number_report_beyond(temoin_context *ctx, const temoin_frame *frame, int64_t row, const char *column, double x);

/* Asks the client file for the flags that the plan's derived columns are made of, and not for those columns. */
void tm_derived_want(const temoin_plan *plan, tm_wanted_list *list);
/* The frame with the derived columns behind its own: flags, as text "0" and "1". TEMOIN_ERR_PLAN where the file has a
 * column of that name, or where the plan reads a part as something else than a flag. */
TEMOIN_MUST_CHECK temoin_status tm_derived_add(temoin_context *ctx, const temoin_plan *plan,
                                               const temoin_frame **frame);

/* `"a", "b", "c"`, the first dozen; never NULL. */
const char *tm_quoted_list(temoin_context *ctx, const char *const *names, int64_t n);
/* ` did you mean "x"?` or "". */
const char *tm_meant(temoin_context *ctx, const char *word, const char *const *names, int64_t n);
/* Names of a frame's columns, or of the plan's arms, in the result arena; NULL when memory is out. */
const char *const *tm_frame_names(temoin_context *ctx, const temoin_frame *frame);
const char *const *tm_arm_names(temoin_context *ctx, const temoin_plan *plan);

/* arm_of [column->n_levels]: the arm that each cell text of an arm column names, -1 when the plan declares no such arm.
 */
TEMOIN_MUST_CHECK temoin_status tm_arm_column_read(temoin_context *ctx, const temoin_plan *plan,
                                                   const temoin_column *column, int32_t **arm_of);
/* Reports each row whose cell names no arm. */
void tm_arm_column_validate(temoin_context *ctx, const temoin_plan *plan, const temoin_frame *frame,
                            const temoin_column *column, const int32_t *arm_of);

/* The client file: n_units, id, clients, assigned, provider. */
TEMOIN_MUST_CHECK temoin_status tm_units_build(temoin_context *ctx, temoin_trial *trial, const char *path);

/* The combinations of those columns, all of them read as text, in a table with at least one row. */
typedef struct tm_strata {
    int32_t n;
    const int32_t *stratum;  /* [n_rows] */
    const char *const *text; /* [n] canonical, in byte order */
} tm_strata;
TEMOIN_MUST_CHECK temoin_status tm_strata_find(temoin_context *ctx, const temoin_frame *frame, const tm_names *names,
                                               tm_strata *out);

/* From the clients in canonical order: n_strata, stratum, stratum_text, shares. */
TEMOIN_MUST_CHECK temoin_status tm_strata_build(temoin_context *ctx, temoin_trial *trial);

/* The file of the workers whom the design draws: workers. After the strata. */
TEMOIN_MUST_CHECK temoin_status tm_workers_build(temoin_context *ctx, temoin_trial *trial, const char *path);

/* Ids of a file of workers: none empty, none twice. Problems only. */
TEMOIN_MUST_CHECK temoin_status tm_worker_ids_validate(temoin_context *ctx, const temoin_frame *frame,
                                                       const temoin_column *id);

/* The files of the plan's `capacity`: workers, capacity. `exits` NULL: there is no such file. */
TEMOIN_MUST_CHECK temoin_status tm_capacity_build(temoin_context *ctx, temoin_trial *trial, const char *workers,
                                                  const char *exits);

/* The outcome files, [n_outcomes] paths: n_waves, wave, value, seen. */
TEMOIN_MUST_CHECK temoin_status tm_outcomes_build(temoin_context *ctx, temoin_trial *trial, const char *const *path);

#endif
