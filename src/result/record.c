/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result/record.h"

#include <math.h>
#include <string.h>

/* The order is the order of the columns of estimates.csv. */
static const tm_field row_fields[] = {
    TM_FIELD(temoin_row, estimate, TEXT),
    TM_FIELD(temoin_row, measure, TEXT),
    TM_FIELD(temoin_row, wave, TEXT),
    TM_FIELD(temoin_row, subgroup, TEXT),
    TM_FIELD(temoin_row, arm, TEXT),
    TM_FIELD(temoin_row, reference, TEXT),
    TM_FIELD(temoin_row, estimator, TEXT),
    TM_FIELD(temoin_row, variance, TEXT),
    TM_FIELD(temoin_row, cluster, TEXT),
    TM_FIELD(temoin_row, n, COUNT),
    TM_FIELD(temoin_row, n_arm, COUNT),
    TM_FIELD(temoin_row, n_reference, COUNT),
    TM_FIELD(temoin_row, n_clusters, COUNT),
    TM_FIELD(temoin_row, n_rows, COUNT),
    TM_FIELD(temoin_row, mean_arm, NUMBER),
    TM_FIELD(temoin_row, mean_reference, NUMBER),
    TM_FIELD(temoin_row, value, NUMBER),
    TM_FIELD(temoin_row, se, NUMBER),
    TM_FIELD(temoin_row, df, NUMBER),
    TM_FIELD(temoin_row, statistic, NUMBER),
    TM_FIELD(temoin_row, p, NUMBER),
    TM_FIELD(temoin_row, ci_low, NUMBER),
    TM_FIELD(temoin_row, ci_high, NUMBER),
    TM_FIELD(temoin_row, level, NUMBER),
    TM_FIELD(temoin_row, effect_size, NUMBER),
    TM_FIELD(temoin_row, p_randomization, NUMBER),
    TM_FIELD(temoin_row, p_randomization_low, NUMBER),
    TM_FIELD(temoin_row, p_randomization_high, NUMBER),
    TM_FIELD(temoin_row, value_randomization, NUMBER),
    TM_FIELD(temoin_row, ci_randomization_low, NUMBER),
    TM_FIELD(temoin_row, ci_randomization_high, NUMBER),
    TM_FIELD(temoin_row, randomization_statistic, TEXT),
    TM_FIELD(temoin_row, n_redraws, COUNT),
    TM_FIELD(temoin_row, p_bootstrap, NUMBER),
    TM_FIELD(temoin_row, ci_bootstrap_low, NUMBER),
    TM_FIELD(temoin_row, ci_bootstrap_high, NUMBER),
    TM_FIELD(temoin_row, n_bootstrap, COUNT),
    TM_FIELD(temoin_row, p_simultaneous, NUMBER),
    TM_FIELD(temoin_row, ci_simultaneous_low, NUMBER),
    TM_FIELD(temoin_row, ci_simultaneous_high, NUMBER),
    TM_FIELD(temoin_row, p_bonferroni, NUMBER),
    TM_FIELD(temoin_row, p_sidak, NUMBER),
    TM_FIELD(temoin_row, p_holm, NUMBER),
    TM_FIELD(temoin_row, p_holm_sidak, NUMBER),
    TM_FIELD(temoin_row, p_hochberg, NUMBER),
    TM_FIELD(temoin_row, p_hommel, NUMBER),
    TM_FIELD(temoin_row, p_bh, NUMBER),
    TM_FIELD(temoin_row, p_by, NUMBER),
    TM_FIELD(temoin_row, p_bky, NUMBER),
    TM_FIELD(temoin_row, p_dunnett, NUMBER),
    TM_FIELD(temoin_row, p_dunnett_step_down, NUMBER),
    TM_FIELD(temoin_row, p_westfall_young, NUMBER),
    TM_FIELD(temoin_row, p_westfall_young_single, NUMBER),
    TM_FIELD(temoin_row, p_westfall_young_min_p, NUMBER),
    TM_FIELD(temoin_row, p_romano_wolf, NUMBER),
    TM_FIELD(temoin_row, provider_verdict, TEXT),
    TM_FIELD(temoin_row, n_providers_arm, COUNT),
    TM_FIELD(temoin_row, n_providers_reference, COUNT),
    TM_FIELD(temoin_row, icc, NUMBER),
    TM_FIELD(temoin_row, icc_low, NUMBER),
    TM_FIELD(temoin_row, icc_high, NUMBER),
    TM_FIELD(temoin_row, icc_tipping, NUMBER),
    TM_FIELD(temoin_row, family, TEXT),
    TM_FIELD(temoin_row, note, TEXT),
};

static const tm_field arm_fields[] = {
    TM_FIELD(temoin_arm_summary, name, TEXT),
    TM_FIELD(temoin_arm_summary, label, LABEL),
    TM_FIELD(temoin_arm_summary, n_assigned, COUNT),
};

static const tm_field measure_fields[] = {
    TM_FIELD(temoin_measure_summary, name, TEXT),
    TM_FIELD(temoin_measure_summary, kind, TEXT),
    TM_FIELD(temoin_measure_summary, unit, TEXT),
    TM_FIELD(temoin_measure_summary, label, LABEL),
};

static const tm_field results_fields[] = {
    TM_FIELD(temoin_results, engine, TEXT),    TM_FIELD(temoin_results, trial, TEXT),
    TM_FIELD(temoin_results, title, LABEL),    TM_FIELD(temoin_results, registry, TEXT),
    TM_FIELD(temoin_results, design, TEXT),    TM_FIELD(temoin_results, drawn, FLAG),
    TM_FIELD(temoin_results, seed, TEXT),      TM_FIELD(temoin_results, n_units, COUNT),
    TM_FIELD(temoin_results, n_strata, INDEX), TM_FIELD(temoin_results, min_cell, COUNT),
};

static const tm_field joint_test_fields[] = {
    TM_FIELD(temoin_joint_test, estimate, TEXT),     TM_FIELD(temoin_joint_test, measure, TEXT),
    TM_FIELD(temoin_joint_test, wave, TEXT),         TM_FIELD(temoin_joint_test, subgroup, TEXT),
    TM_FIELD(temoin_joint_test, test, TEXT),         TM_FIELD(temoin_joint_test, arm, TEXT),
    TM_FIELD(temoin_joint_test, reference, TEXT),    TM_FIELD(temoin_joint_test, variance, TEXT),
    TM_FIELD(temoin_joint_test, n_contrasts, COUNT), TM_FIELD(temoin_joint_test, statistic, NUMBER),
    TM_FIELD(temoin_joint_test, df1, NUMBER),        TM_FIELD(temoin_joint_test, df2, NUMBER),
    TM_FIELD(temoin_joint_test, p, NUMBER),          TM_FIELD(temoin_joint_test, note, TEXT),
};

static const tm_field clusters_fields[] = {
    TM_FIELD(temoin_clusters, estimate, TEXT),
    TM_FIELD(temoin_clusters, measure, TEXT),
    TM_FIELD(temoin_clusters, wave, TEXT),
    TM_FIELD(temoin_clusters, subgroup, TEXT),
    TM_FIELD(temoin_clusters, arm, TEXT),
    TM_FIELD(temoin_clusters, reference, TEXT),
    TM_FIELD(temoin_clusters, n_clusters, COUNT),
    TM_FIELD(temoin_clusters, n_arm, COUNT),
    TM_FIELD(temoin_clusters, n_reference, COUNT),
    TM_FIELD(temoin_clusters, smallest, COUNT),
    TM_FIELD(temoin_clusters, largest, COUNT),
    TM_FIELD(temoin_clusters, effective, NUMBER),
    TM_FIELD(temoin_clusters, effective_correlated, NUMBER),
    TM_FIELD(temoin_clusters, leverage_low, NUMBER),
    TM_FIELD(temoin_clusters, leverage_high, NUMBER),
    TM_FIELD(temoin_clusters, leverage_cv, NUMBER),
    TM_FIELD(temoin_clusters, partial_low, NUMBER),
    TM_FIELD(temoin_clusters, partial_high, NUMBER),
    TM_FIELD(temoin_clusters, partial_cv, NUMBER),
    TM_FIELD(temoin_clusters, without_one_low, NUMBER),
    TM_FIELD(temoin_clusters, without_one_high, NUMBER),
};

static const tm_field first_stage_fields[] = {
    TM_FIELD(temoin_first_stage, estimate, TEXT),
    TM_FIELD(temoin_first_stage, measure, TEXT),
    TM_FIELD(temoin_first_stage, wave, TEXT),
    TM_FIELD(temoin_first_stage, subgroup, TEXT),
    TM_FIELD(temoin_first_stage, arm, TEXT),
    TM_FIELD(temoin_first_stage, reference, TEXT),
    TM_FIELD(temoin_first_stage, value, NUMBER),
    TM_FIELD(temoin_first_stage, se, NUMBER),
    TM_FIELD(temoin_first_stage, df, NUMBER),
    TM_FIELD(temoin_first_stage, f, NUMBER),
    TM_FIELD(temoin_first_stage, p, NUMBER),
    TM_FIELD(temoin_first_stage, reduced_form, NUMBER),
    TM_FIELD(temoin_first_stage, reduced_form_se, NUMBER),
    TM_FIELD(temoin_first_stage, covariance, NUMBER),
    TM_FIELD(temoin_first_stage, compliers, NUMBER),
    TM_FIELD(temoin_first_stage, always_takers, NUMBER),
    TM_FIELD(temoin_first_stage, never_takers, NUMBER),
    TM_FIELD(temoin_first_stage, ar_f, NUMBER),
    TM_FIELD(temoin_first_stage, ar_p, NUMBER),
    TM_FIELD(temoin_first_stage, ar_set, TEXT),
    TM_FIELD(temoin_first_stage, ar_low, NUMBER),
    TM_FIELD(temoin_first_stage, ar_high, NUMBER),
    TM_FIELD(temoin_first_stage, exogeneity, NUMBER),
    TM_FIELD(temoin_first_stage, exogeneity_f, NUMBER),
    TM_FIELD(temoin_first_stage, exogeneity_df, NUMBER),
    TM_FIELD(temoin_first_stage, exogeneity_p, NUMBER),
};

const tm_record tm_joint_test_record = TM_RECORD(temoin_joint_test, joint_test_fields);
const tm_record tm_clusters_record = TM_RECORD(temoin_clusters, clusters_fields);
static const tm_field family_fields[] = {
    TM_FIELD(temoin_family_summary, name, TEXT),        TM_FIELD(temoin_family_summary, n_rows, COUNT),
    TM_FIELD(temoin_family_summary, p_omnibus, NUMBER), TM_FIELD(temoin_family_summary, n_redraws, COUNT),
    TM_FIELD(temoin_family_summary, exact, FLAG),
};

static const tm_record family_record = TM_RECORD(temoin_family_summary, family_fields);
const tm_record tm_first_stage_record = TM_RECORD(temoin_first_stage, first_stage_fields);
static const tm_record arm_record = TM_RECORD(temoin_arm_summary, arm_fields);
static const tm_record measure_record = TM_RECORD(temoin_measure_summary, measure_fields);
const tm_record tm_row_record = TM_RECORD(temoin_row, row_fields);
const tm_record tm_results_record = TM_RECORD(temoin_results, results_fields);

#define LIST(name, record)                                                                                             \
    {                                                                                                                  \
#name, &record, offsetof(temoin_results, name), offsetof(temoin_results, n_##name),                            \
            sizeof((temoin_results *)0)->n_##name == sizeof(int64_t)                                                   \
    }

const tm_record_list tm_results_lists[] = {
    LIST(arms, arm_record),
    LIST(measures, measure_record),
    LIST(flow, tm_flow_record),
    LIST(baseline, tm_baseline_record),
    LIST(omnibus, tm_omnibus_record),
    LIST(first_stages, tm_first_stage_record),
    LIST(clusters, tm_clusters_record),
    LIST(families, family_record),
    LIST(joint_tests, tm_joint_test_record),
    LIST(survival, tm_survival_record),
    LIST(provider_structure, tm_provider_structure_record),
    LIST(provider_arms, tm_provider_arm_record),
    LIST(caseloads, tm_caseload_record),
    LIST(icc, tm_icc_record),
    LIST(provider_means, tm_provider_mean_record),
    LIST(provider_rows, tm_row_record),
    LIST(tipping_points, tm_tipping_point_record),
    LIST(tipping_curves, tm_tipping_curve_record),
    LIST(influence, tm_influence_record),
    LIST(provider_tests, tm_provider_test_record),
    LIST(provider_selection, tm_provider_selection_record),
    LIST(rows, tm_row_record),
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

/* The names are the first fields of a row, up to the reference. */
void tm_record_copy_names(const temoin_row *row, const tm_record *record, void *out)
{
    bool more = true;
    for (int n = 0; more; n++) {
        more = strcmp(row_fields[n].name, "reference") != 0;
        for (int f = 0; f < record->n_fields; f++)
            if (strcmp(record->fields[f].name, row_fields[n].name) == 0)
                *(const char **)((char *)out + record->fields[f].offset) =
                    *(const char *const *)((const char *)row + row_fields[n].offset);
    }
}
