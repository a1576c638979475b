/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structs of a result, described once: the same tables write CSV and JSON and read JSON back. */
#ifndef TM_RECORD_H
#define TM_RECORD_H

#include <stddef.h>

#include "base/sink.h"
#include "temoin/result.h"

typedef enum tm_field_kind {
    TM_FIELD_TEXT,
    TM_FIELD_LABEL,  /* temoin_label */
    TM_FIELD_COUNT,  /* int64_t, -1: does not apply */
    TM_FIELD_INDEX,  /* int32_t, not negative */
    TM_FIELD_NUMBER, /* double, NaN: missing */
    TM_FIELD_FLAG,   /* bool */
} tm_field_kind;

typedef struct tm_field {
    const char *name;
    tm_field_kind kind;
    size_t offset;
} tm_field;

typedef struct tm_record {
    const tm_field *fields;
    int n_fields;
    size_t size; /* of the struct */
} tm_record;

/* A list of records inside temoin_results. */
typedef struct tm_record_list {
    const char *name;
    const tm_record *record;
    size_t offset;       /* of the pointer to the first */
    size_t count_offset; /* of their number … */
    bool wide_count;     /* … an int64_t, else an int32_t */
} tm_record_list;

#define TM_FIELD(type, name, kind)                                                                                     \
    {                                                                                                                  \
#name, TM_FIELD_##kind, offsetof(type, name)                                                                   \
    }
#define TM_RECORD(type, fields)                                                                                        \
    {                                                                                                                  \
        fields, sizeof fields / sizeof *fields, sizeof(type)                                                           \
    }

extern const tm_record tm_flow_record, tm_baseline_record, tm_omnibus_record, tm_survival_record,
    tm_provider_structure_record, tm_provider_arm_record, tm_caseload_record, tm_icc_record, tm_provider_mean_record,
    tm_tipping_point_record, tm_tipping_curve_record, tm_influence_record, tm_provider_test_record,
    tm_provider_selection_record;
extern const tm_record tm_first_stage_record, tm_clusters_record, tm_joint_test_record;
extern const tm_record tm_row_record;
extern const tm_record tm_results_record; /* the plain fields of temoin_results */
extern const tm_record_list tm_results_lists[];
extern const int tm_n_results_lists;

/* temoin_results_read_json from bytes; `path` stands in the messages. */
TEMOIN_MUST_CHECK temoin_status tm_results_parse(temoin_context *ctx, const char *path, const char *bytes,
                                                 size_t length, const temoin_results **out);

/* Nothing is known yet: numbers NaN, counts -1, texts "", the rest zero. */
void tm_record_clear(const tm_record *record, void *data);

/* What a record stands beside: estimate, measure, wave, subgroup, arm and reference of a row, as far as the record has
 * them. */
void tm_record_copy_names(const temoin_row *row, const tm_record *record, void *out);

int64_t tm_record_list_count(const tm_record_list *list, const temoin_results *results);

#endif
