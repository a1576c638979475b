/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result/record.h"

#include <math.h>
#include <string.h>

#define FIELD(type, name, kind)                                                                                        \
    {                                                                                                                  \
#name, TM_FIELD_##kind, offsetof(type, name)                                                                   \
    }
#define RECORD(type, fields)                                                                                           \
    {                                                                                                                  \
        fields, sizeof fields / sizeof *fields, sizeof(type)                                                           \
    }

/* The order is the order of the columns of estimates.csv. */
static const tm_field row_fields[] = {
    FIELD(temoin_row, estimate, TEXT),
    FIELD(temoin_row, measure, TEXT),
    FIELD(temoin_row, wave, TEXT),
    FIELD(temoin_row, subgroup, TEXT),
    FIELD(temoin_row, arm, TEXT),
    FIELD(temoin_row, reference, TEXT),
    FIELD(temoin_row, estimator, TEXT),
    FIELD(temoin_row, variance, TEXT),
    FIELD(temoin_row, cluster, TEXT),
    FIELD(temoin_row, n, COUNT),
    FIELD(temoin_row, n_arm, COUNT),
    FIELD(temoin_row, n_reference, COUNT),
    FIELD(temoin_row, n_clusters, COUNT),
    FIELD(temoin_row, n_rows, COUNT),
    FIELD(temoin_row, mean_arm, NUMBER),
    FIELD(temoin_row, mean_reference, NUMBER),
    FIELD(temoin_row, value, NUMBER),
    FIELD(temoin_row, se, NUMBER),
    FIELD(temoin_row, df, NUMBER),
    FIELD(temoin_row, statistic, NUMBER),
    FIELD(temoin_row, p, NUMBER),
    FIELD(temoin_row, ci_low, NUMBER),
    FIELD(temoin_row, ci_high, NUMBER),
    FIELD(temoin_row, level, NUMBER),
    FIELD(temoin_row, effect_size, NUMBER),
    FIELD(temoin_row, p_randomization, NUMBER),
    FIELD(temoin_row, p_randomization_low, NUMBER),
    FIELD(temoin_row, p_randomization_high, NUMBER),
    FIELD(temoin_row, ci_randomization_low, NUMBER),
    FIELD(temoin_row, ci_randomization_high, NUMBER),
    FIELD(temoin_row, randomization_statistic, TEXT),
    FIELD(temoin_row, n_redraws, COUNT),
    FIELD(temoin_row, p_bootstrap, NUMBER),
    FIELD(temoin_row, ci_bootstrap_low, NUMBER),
    FIELD(temoin_row, ci_bootstrap_high, NUMBER),
    FIELD(temoin_row, n_bootstrap, COUNT),
    FIELD(temoin_row, p_simultaneous, NUMBER),
    FIELD(temoin_row, ci_simultaneous_low, NUMBER),
    FIELD(temoin_row, ci_simultaneous_high, NUMBER),
    FIELD(temoin_row, p_bonferroni, NUMBER),
    FIELD(temoin_row, p_sidak, NUMBER),
    FIELD(temoin_row, p_holm, NUMBER),
    FIELD(temoin_row, p_holm_sidak, NUMBER),
    FIELD(temoin_row, p_hochberg, NUMBER),
    FIELD(temoin_row, p_hommel, NUMBER),
    FIELD(temoin_row, p_bh, NUMBER),
    FIELD(temoin_row, p_by, NUMBER),
    FIELD(temoin_row, p_bky, NUMBER),
    FIELD(temoin_row, p_dunnett, NUMBER),
    FIELD(temoin_row, p_dunnett_step_down, NUMBER),
    FIELD(temoin_row, p_westfall_young, NUMBER),
    FIELD(temoin_row, p_westfall_young_single, NUMBER),
    FIELD(temoin_row, p_westfall_young_min_p, NUMBER),
    FIELD(temoin_row, p_romano_wolf, NUMBER),
    FIELD(temoin_row, family, TEXT),
    FIELD(temoin_row, note, TEXT),
};

static const tm_field arm_fields[] = {
    FIELD(temoin_arm_summary, name, TEXT),
    FIELD(temoin_arm_summary, label, LABEL),
    FIELD(temoin_arm_summary, n_assigned, COUNT),
};

static const tm_field measure_fields[] = {
    FIELD(temoin_measure_summary, name, TEXT),
    FIELD(temoin_measure_summary, kind, TEXT),
    FIELD(temoin_measure_summary, unit, TEXT),
    FIELD(temoin_measure_summary, label, LABEL),
};

static const tm_field flow_fields[] = {
    FIELD(temoin_flow_row, measure, TEXT), FIELD(temoin_flow_row, wave, TEXT),
    FIELD(temoin_flow_row, arm, INDEX),    FIELD(temoin_flow_row, n_assigned, COUNT),
    FIELD(temoin_flow_row, n_seen, COUNT), FIELD(temoin_flow_row, n_observed, COUNT),
    FIELD(temoin_flow_row, mean, NUMBER),  FIELD(temoin_flow_row, sd, NUMBER),
};

static const tm_field baseline_fields[] = {
    FIELD(temoin_baseline_row, variable, TEXT), FIELD(temoin_baseline_row, level, TEXT),
    FIELD(temoin_baseline_row, label, LABEL),   FIELD(temoin_baseline_row, arm, INDEX),
    FIELD(temoin_baseline_row, n, COUNT),       FIELD(temoin_baseline_row, missing, COUNT),
    FIELD(temoin_baseline_row, mean, NUMBER),   FIELD(temoin_baseline_row, sd, NUMBER),
    FIELD(temoin_baseline_row, smd, NUMBER),    FIELD(temoin_baseline_row, variance_ratio, NUMBER),
    FIELD(temoin_baseline_row, z, NUMBER),      FIELD(temoin_baseline_row, p, NUMBER),
};

static const tm_field omnibus_fields[] = {
    FIELD(temoin_omnibus, statistic, NUMBER),   FIELD(temoin_omnibus, df, NUMBER),
    FIELD(temoin_omnibus, p, NUMBER),           FIELD(temoin_omnibus, p_redrawn, NUMBER),
    FIELD(temoin_omnibus, n_redraws, COUNT),    FIELD(temoin_omnibus, n, COUNT),
    FIELD(temoin_omnibus, n_covariates, COUNT), FIELD(temoin_omnibus, note, TEXT),
};

static const tm_field results_fields[] = {
    FIELD(temoin_results, engine, TEXT),    FIELD(temoin_results, trial, TEXT),
    FIELD(temoin_results, title, LABEL),    FIELD(temoin_results, registry, TEXT),
    FIELD(temoin_results, design, TEXT),    FIELD(temoin_results, drawn, FLAG),
    FIELD(temoin_results, seed, TEXT),      FIELD(temoin_results, n_units, COUNT),
    FIELD(temoin_results, n_strata, INDEX), FIELD(temoin_results, min_cell, COUNT),
};

static const tm_field joint_test_fields[] = {
    FIELD(temoin_joint_test, estimate, TEXT),     FIELD(temoin_joint_test, measure, TEXT),
    FIELD(temoin_joint_test, wave, TEXT),         FIELD(temoin_joint_test, subgroup, TEXT),
    FIELD(temoin_joint_test, test, TEXT),         FIELD(temoin_joint_test, arm, TEXT),
    FIELD(temoin_joint_test, reference, TEXT),    FIELD(temoin_joint_test, variance, TEXT),
    FIELD(temoin_joint_test, n_contrasts, COUNT), FIELD(temoin_joint_test, statistic, NUMBER),
    FIELD(temoin_joint_test, df1, NUMBER),        FIELD(temoin_joint_test, df2, NUMBER),
    FIELD(temoin_joint_test, p, NUMBER),          FIELD(temoin_joint_test, note, TEXT),
};

static const tm_field clusters_fields[] = {
    FIELD(temoin_clusters, estimate, TEXT),
    FIELD(temoin_clusters, measure, TEXT),
    FIELD(temoin_clusters, wave, TEXT),
    FIELD(temoin_clusters, subgroup, TEXT),
    FIELD(temoin_clusters, arm, TEXT),
    FIELD(temoin_clusters, reference, TEXT),
    FIELD(temoin_clusters, n_clusters, COUNT),
    FIELD(temoin_clusters, n_arm, COUNT),
    FIELD(temoin_clusters, n_reference, COUNT),
    FIELD(temoin_clusters, smallest, COUNT),
    FIELD(temoin_clusters, largest, COUNT),
    FIELD(temoin_clusters, effective, NUMBER),
    FIELD(temoin_clusters, effective_correlated, NUMBER),
    FIELD(temoin_clusters, leverage_low, NUMBER),
    FIELD(temoin_clusters, leverage_high, NUMBER),
    FIELD(temoin_clusters, leverage_cv, NUMBER),
    FIELD(temoin_clusters, partial_low, NUMBER),
    FIELD(temoin_clusters, partial_high, NUMBER),
    FIELD(temoin_clusters, partial_cv, NUMBER),
    FIELD(temoin_clusters, without_one_low, NUMBER),
    FIELD(temoin_clusters, without_one_high, NUMBER),
};

static const tm_field first_stage_fields[] = {
    FIELD(temoin_first_stage, estimate, TEXT),
    FIELD(temoin_first_stage, measure, TEXT),
    FIELD(temoin_first_stage, wave, TEXT),
    FIELD(temoin_first_stage, subgroup, TEXT),
    FIELD(temoin_first_stage, arm, TEXT),
    FIELD(temoin_first_stage, reference, TEXT),
    FIELD(temoin_first_stage, value, NUMBER),
    FIELD(temoin_first_stage, se, NUMBER),
    FIELD(temoin_first_stage, df, NUMBER),
    FIELD(temoin_first_stage, f, NUMBER),
    FIELD(temoin_first_stage, p, NUMBER),
    FIELD(temoin_first_stage, reduced_form, NUMBER),
    FIELD(temoin_first_stage, reduced_form_se, NUMBER),
    FIELD(temoin_first_stage, covariance, NUMBER),
    FIELD(temoin_first_stage, compliers, NUMBER),
    FIELD(temoin_first_stage, always_takers, NUMBER),
    FIELD(temoin_first_stage, never_takers, NUMBER),
    FIELD(temoin_first_stage, ar_f, NUMBER),
    FIELD(temoin_first_stage, ar_p, NUMBER),
    FIELD(temoin_first_stage, ar_set, TEXT),
    FIELD(temoin_first_stage, ar_low, NUMBER),
    FIELD(temoin_first_stage, ar_high, NUMBER),
    FIELD(temoin_first_stage, exogeneity, NUMBER),
    FIELD(temoin_first_stage, exogeneity_f, NUMBER),
    FIELD(temoin_first_stage, exogeneity_df, NUMBER),
    FIELD(temoin_first_stage, exogeneity_p, NUMBER),
};

static const tm_record joint_test_record = RECORD(temoin_joint_test, joint_test_fields);
static const tm_record clusters_record = RECORD(temoin_clusters, clusters_fields);
static const tm_field family_fields[] = {
    FIELD(temoin_family_summary, name, TEXT),        FIELD(temoin_family_summary, n_rows, COUNT),
    FIELD(temoin_family_summary, p_omnibus, NUMBER), FIELD(temoin_family_summary, n_redraws, COUNT),
    FIELD(temoin_family_summary, exact, FLAG),
};

static const tm_record family_record = RECORD(temoin_family_summary, family_fields);
static const tm_record first_stage_record = RECORD(temoin_first_stage, first_stage_fields);
static const tm_field survival_fields[] = {
    FIELD(temoin_survival_row, measure, TEXT),    FIELD(temoin_survival_row, wave, TEXT),
    FIELD(temoin_survival_row, arm, INDEX),       FIELD(temoin_survival_row, time, NUMBER),
    FIELD(temoin_survival_row, at_risk, COUNT),   FIELD(temoin_survival_row, events, COUNT),
    FIELD(temoin_survival_row, survival, NUMBER), FIELD(temoin_survival_row, se, NUMBER),
};

static const tm_record survival_record = RECORD(temoin_survival_row, survival_fields);
static const tm_record arm_record = RECORD(temoin_arm_summary, arm_fields);
static const tm_record measure_record = RECORD(temoin_measure_summary, measure_fields);
static const tm_record flow_record = RECORD(temoin_flow_row, flow_fields);
static const tm_record baseline_record = RECORD(temoin_baseline_row, baseline_fields);
static const tm_record omnibus_record = RECORD(temoin_omnibus, omnibus_fields);
const tm_record tm_row_record = RECORD(temoin_row, row_fields);
const tm_record tm_results_record = RECORD(temoin_results, results_fields);

#define LIST(name, record)                                                                                             \
    {                                                                                                                  \
#name, &record, offsetof(temoin_results, name), offsetof(temoin_results, n_##name),                            \
            sizeof((temoin_results *)0)->n_##name == sizeof(int64_t)                                                   \
    }

const tm_record_list tm_results_lists[] = {
    LIST(arms, arm_record),          LIST(measures, measure_record), LIST(flow, flow_record),
    LIST(baseline, baseline_record), LIST(omnibus, omnibus_record),  LIST(first_stages, first_stage_record),
    LIST(clusters, clusters_record), LIST(families, family_record),  LIST(joint_tests, joint_test_record),
    LIST(survival, survival_record), LIST(rows, tm_row_record),
};
const int tm_n_results_lists = sizeof tm_results_lists / sizeof *tm_results_lists;

void tm_record_clear(const tm_record *record, void *data)
{
    memset(data, 0, record->size);
    for (int f = 0; f < record->n_fields; f++) {
        char *at = (char *)data + record->fields[f].offset;
        if (record->fields[f].kind == TM_FIELD_NUMBER) *(double *)at = NAN;
        if (record->fields[f].kind == TM_FIELD_COUNT) *(int64_t *)at = -1;
        if (record->fields[f].kind == TM_FIELD_TEXT) *(const char **)at = "";
    }
}

int64_t tm_record_list_count(const tm_record_list *list, const temoin_results *results)
{
    const char *at = (const char *)results + list->count_offset;
    int64_t wide;
    int32_t narrow;
    if (list->wide_count) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}
