/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of what the checks find. */
#include "result/record.h"

static const tm_field flow_fields[] = {
    TM_FIELD(temoin_flow_row, measure, TEXT), TM_FIELD(temoin_flow_row, wave, TEXT),
    TM_FIELD(temoin_flow_row, arm, INDEX),    TM_FIELD(temoin_flow_row, n_assigned, COUNT),
    TM_FIELD(temoin_flow_row, n_seen, COUNT), TM_FIELD(temoin_flow_row, n_observed, COUNT),
    TM_FIELD(temoin_flow_row, mean, NUMBER),  TM_FIELD(temoin_flow_row, sd, NUMBER),
};

static const tm_field baseline_fields[] = {
    TM_FIELD(temoin_baseline_row, variable, TEXT), TM_FIELD(temoin_baseline_row, level, TEXT),
    TM_FIELD(temoin_baseline_row, label, LABEL),   TM_FIELD(temoin_baseline_row, arm, INDEX),
    TM_FIELD(temoin_baseline_row, n, COUNT),       TM_FIELD(temoin_baseline_row, missing, COUNT),
    TM_FIELD(temoin_baseline_row, mean, NUMBER),   TM_FIELD(temoin_baseline_row, sd, NUMBER),
    TM_FIELD(temoin_baseline_row, smd, NUMBER),    TM_FIELD(temoin_baseline_row, variance_ratio, NUMBER),
    TM_FIELD(temoin_baseline_row, z, NUMBER),      TM_FIELD(temoin_baseline_row, p, NUMBER),
};

static const tm_field omnibus_fields[] = {
    TM_FIELD(temoin_omnibus, statistic, NUMBER),   TM_FIELD(temoin_omnibus, df, NUMBER),
    TM_FIELD(temoin_omnibus, p, NUMBER),           TM_FIELD(temoin_omnibus, p_redrawn, NUMBER),
    TM_FIELD(temoin_omnibus, n_redraws, COUNT),    TM_FIELD(temoin_omnibus, n, COUNT),
    TM_FIELD(temoin_omnibus, n_covariates, COUNT), TM_FIELD(temoin_omnibus, note, TEXT),
};

static const tm_field survival_fields[] = {
    TM_FIELD(temoin_survival_row, measure, TEXT),    TM_FIELD(temoin_survival_row, wave, TEXT),
    TM_FIELD(temoin_survival_row, arm, INDEX),       TM_FIELD(temoin_survival_row, time, NUMBER),
    TM_FIELD(temoin_survival_row, at_risk, COUNT),   TM_FIELD(temoin_survival_row, events, COUNT),
    TM_FIELD(temoin_survival_row, survival, NUMBER), TM_FIELD(temoin_survival_row, se, NUMBER),
};

static const tm_field provider_structure_fields[] = {
    TM_FIELD(temoin_provider_structure, verdict, TEXT),       TM_FIELD(temoin_provider_structure, reason, TEXT),
    TM_FIELD(temoin_provider_structure, declared, TEXT),      TM_FIELD(temoin_provider_structure, n_providers, COUNT),
    TM_FIELD(temoin_provider_structure, n_clients, COUNT),    TM_FIELD(temoin_provider_structure, n_blank, COUNT),
    TM_FIELD(temoin_provider_structure, n_components, COUNT), TM_FIELD(temoin_provider_structure, n_crossed, COUNT),
    TM_FIELD(temoin_provider_structure, n_changed, COUNT),
};

static const tm_field provider_arm_fields[] = {
    TM_FIELD(temoin_provider_arm, arm, INDEX),       TM_FIELD(temoin_provider_arm, n_providers, COUNT),
    TM_FIELD(temoin_provider_arm, n_clients, COUNT), TM_FIELD(temoin_provider_arm, n_blank, COUNT),
    TM_FIELD(temoin_provider_arm, smallest, COUNT),  TM_FIELD(temoin_provider_arm, largest, COUNT),
    TM_FIELD(temoin_provider_arm, mean, NUMBER),     TM_FIELD(temoin_provider_arm, cv, NUMBER),
    TM_FIELD(temoin_provider_arm, weighted, NUMBER),
};

static const tm_field caseload_fields[] = {
    TM_FIELD(temoin_caseload, provider, TEXT), TM_FIELD(temoin_caseload, arm, INDEX),
    TM_FIELD(temoin_caseload, n, COUNT),       TM_FIELD(temoin_caseload, places, COUNT),
    TM_FIELD(temoin_caseload, peak, COUNT),
};

static const tm_field icc_fields[] = {
    TM_FIELD(temoin_icc, measure, TEXT),   TM_FIELD(temoin_icc, wave, TEXT),
    TM_FIELD(temoin_icc, arm, TEXT),       TM_FIELD(temoin_icc, method, TEXT),
    TM_FIELD(temoin_icc, n, COUNT),        TM_FIELD(temoin_icc, n_providers, COUNT),
    TM_FIELD(temoin_icc, between, NUMBER), TM_FIELD(temoin_icc, within, NUMBER),
    TM_FIELD(temoin_icc, value, NUMBER),   TM_FIELD(temoin_icc, level, NUMBER),
    TM_FIELD(temoin_icc, ci_low, NUMBER),  TM_FIELD(temoin_icc, ci_high, NUMBER),
    TM_FIELD(temoin_icc, interval, TEXT),  TM_FIELD(temoin_icc, design_effect, NUMBER),
    TM_FIELD(temoin_icc, p, NUMBER),       TM_FIELD(temoin_icc, n_redraws, COUNT),
    TM_FIELD(temoin_icc, note, TEXT),
};

static const tm_field provider_mean_fields[] = {
    TM_FIELD(temoin_provider_mean, measure, TEXT),    TM_FIELD(temoin_provider_mean, wave, TEXT),
    TM_FIELD(temoin_provider_mean, provider, TEXT),   TM_FIELD(temoin_provider_mean, arm, INDEX),
    TM_FIELD(temoin_provider_mean, n, COUNT),         TM_FIELD(temoin_provider_mean, mean, NUMBER),
    TM_FIELD(temoin_provider_mean, shrunken, NUMBER), TM_FIELD(temoin_provider_mean, level, NUMBER),
    TM_FIELD(temoin_provider_mean, ci_low, NUMBER),   TM_FIELD(temoin_provider_mean, ci_high, NUMBER),
};

static const tm_field tipping_point_fields[] = {
    TM_FIELD(temoin_tipping_point, estimate, TEXT),
    TM_FIELD(temoin_tipping_point, measure, TEXT),
    TM_FIELD(temoin_tipping_point, wave, TEXT),
    TM_FIELD(temoin_tipping_point, arm, TEXT),
    TM_FIELD(temoin_tipping_point, reference, TEXT),
    TM_FIELD(temoin_tipping_point, n_providers_arm, COUNT),
    TM_FIELD(temoin_tipping_point, n_providers_reference, COUNT),
    TM_FIELD(temoin_tipping_point, weighted_arm, NUMBER),
    TM_FIELD(temoin_tipping_point, weighted_reference, NUMBER),
    TM_FIELD(temoin_tipping_point, sd_arm, NUMBER),
    TM_FIELD(temoin_tipping_point, sd_reference, NUMBER),
    TM_FIELD(temoin_tipping_point, value, NUMBER),
    TM_FIELD(temoin_tipping_point, level, NUMBER),
    TM_FIELD(temoin_tipping_point, icc, NUMBER),
    TM_FIELD(temoin_tipping_point, icc_low, NUMBER),
    TM_FIELD(temoin_tipping_point, icc_high, NUMBER),
    TM_FIELD(temoin_tipping_point, rho, NUMBER),
    TM_FIELD(temoin_tipping_point, df, NUMBER),
    TM_FIELD(temoin_tipping_point, published_low, NUMBER),
    TM_FIELD(temoin_tipping_point, published_high, NUMBER),
    TM_FIELD(temoin_tipping_point, worker_shift, NUMBER),
    TM_FIELD(temoin_tipping_point, worker_sd, NUMBER),
    TM_FIELD(temoin_tipping_point, worker_percentile, NUMBER),
    TM_FIELD(temoin_tipping_point, estimator, TEXT),
    TM_FIELD(temoin_tipping_point, variance, TEXT),
    TM_FIELD(temoin_tipping_point, note, TEXT),
};

static const tm_field tipping_curve_fields[] = {
    TM_FIELD(temoin_tipping_curve, estimate, TEXT),  TM_FIELD(temoin_tipping_curve, measure, TEXT),
    TM_FIELD(temoin_tipping_curve, wave, TEXT),      TM_FIELD(temoin_tipping_curve, arm, TEXT),
    TM_FIELD(temoin_tipping_curve, reference, TEXT), TM_FIELD(temoin_tipping_curve, rho, NUMBER),
    TM_FIELD(temoin_tipping_curve, se, NUMBER),      TM_FIELD(temoin_tipping_curve, df, NUMBER),
    TM_FIELD(temoin_tipping_curve, ci_low, NUMBER),  TM_FIELD(temoin_tipping_curve, ci_high, NUMBER),
    TM_FIELD(temoin_tipping_curve, p, NUMBER),
};

static const tm_field influence_fields[] = {
    TM_FIELD(temoin_influence, estimate, TEXT),   TM_FIELD(temoin_influence, measure, TEXT),
    TM_FIELD(temoin_influence, wave, TEXT),       TM_FIELD(temoin_influence, arm, TEXT),
    TM_FIELD(temoin_influence, reference, TEXT),  TM_FIELD(temoin_influence, kind, TEXT),
    TM_FIELD(temoin_influence, left_out, TEXT),   TM_FIELD(temoin_influence, left_out_arm, TEXT),
    TM_FIELD(temoin_influence, n, COUNT),         TM_FIELD(temoin_influence, value, NUMBER),
    TM_FIELD(temoin_influence, se, NUMBER),       TM_FIELD(temoin_influence, ci_low, NUMBER),
    TM_FIELD(temoin_influence, ci_high, NUMBER),  TM_FIELD(temoin_influence, change, NUMBER),
    TM_FIELD(temoin_influence, leverage, NUMBER), TM_FIELD(temoin_influence, partial_leverage, NUMBER),
    TM_FIELD(temoin_influence, note, TEXT),
};

static const tm_field provider_test_fields[] = {
    TM_FIELD(temoin_provider_test, estimate, TEXT),   TM_FIELD(temoin_provider_test, measure, TEXT),
    TM_FIELD(temoin_provider_test, wave, TEXT),       TM_FIELD(temoin_provider_test, arm, TEXT),
    TM_FIELD(temoin_provider_test, reference, TEXT),  TM_FIELD(temoin_provider_test, test, TEXT),
    TM_FIELD(temoin_provider_test, rho, NUMBER),      TM_FIELD(temoin_provider_test, statistic, NUMBER),
    TM_FIELD(temoin_provider_test, p, NUMBER),        TM_FIELD(temoin_provider_test, p_low, NUMBER),
    TM_FIELD(temoin_provider_test, p_high, NUMBER),   TM_FIELD(temoin_provider_test, smallest_p, NUMBER),
    TM_FIELD(temoin_provider_test, n_redraws, COUNT), TM_FIELD(temoin_provider_test, exact, FLAG),
    TM_FIELD(temoin_provider_test, note, TEXT),
};

static const tm_field provider_selection_fields[] = {
    TM_FIELD(temoin_provider_selection, test, TEXT),
    TM_FIELD(temoin_provider_selection, arm, TEXT),
    TM_FIELD(temoin_provider_selection, measure, TEXT),
    TM_FIELD(temoin_provider_selection, wave, TEXT),
    TM_FIELD(temoin_provider_selection, n, COUNT),
    TM_FIELD(temoin_provider_selection, n_providers, COUNT),
    TM_FIELD(temoin_provider_selection, n_covariates, COUNT),
    TM_FIELD(temoin_provider_selection, statistic, NUMBER),
    TM_FIELD(temoin_provider_selection, df, NUMBER),
    TM_FIELD(temoin_provider_selection, p, NUMBER),
    TM_FIELD(temoin_provider_selection, p_permuted, NUMBER),
    TM_FIELD(temoin_provider_selection, n_redraws, COUNT),
    TM_FIELD(temoin_provider_selection, note, TEXT),
};

const tm_record tm_flow_record = TM_RECORD(temoin_flow_row, flow_fields);
const tm_record tm_baseline_record = TM_RECORD(temoin_baseline_row, baseline_fields);
const tm_record tm_omnibus_record = TM_RECORD(temoin_omnibus, omnibus_fields);
const tm_record tm_survival_record = TM_RECORD(temoin_survival_row, survival_fields);
const tm_record tm_provider_structure_record = TM_RECORD(temoin_provider_structure, provider_structure_fields);
const tm_record tm_provider_arm_record = TM_RECORD(temoin_provider_arm, provider_arm_fields);
const tm_record tm_caseload_record = TM_RECORD(temoin_caseload, caseload_fields);
const tm_record tm_icc_record = TM_RECORD(temoin_icc, icc_fields);
const tm_record tm_provider_mean_record = TM_RECORD(temoin_provider_mean, provider_mean_fields);
const tm_record tm_tipping_point_record = TM_RECORD(temoin_tipping_point, tipping_point_fields);
const tm_record tm_tipping_curve_record = TM_RECORD(temoin_tipping_curve, tipping_curve_fields);
const tm_record tm_influence_record = TM_RECORD(temoin_influence, influence_fields);
const tm_record tm_provider_test_record = TM_RECORD(temoin_provider_test, provider_test_fields);
const tm_record tm_provider_selection_record = TM_RECORD(temoin_provider_selection, provider_selection_fields);
